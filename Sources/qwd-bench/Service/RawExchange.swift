import Viewer

/// Sends what need not be a request, each on a connection of its own, on a thread of its own.
actor RawExchange {
    private nonisolated let thread = BlockingThread(label: "qwd.bench.raw")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private let port: Int

    init(port: Int) {
        self.port = port
    }

    /// The status of the answer; 0 if there is none within a fifth of a second, as for half a request.
    func status(of request: String) -> Int {
        let before = ContinuousClock.now + .milliseconds(200)
        do {
            var stream = ByteStream(try StreamSocket.connect(host: "127.0.0.1", port: port, before: before))
            try stream.send(Array(request.utf8), before: before)
            let line = try stream.takeText(through: "\r\n", before: before)
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        } catch {
            return 0
        }
    }
}
