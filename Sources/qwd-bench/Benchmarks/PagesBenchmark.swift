import Queue
import TestSupport

/// What a page costs at the server, with more and more sessions. The time is that of a client on the same machine over a
/// kept connection, so it has a little more in it.
enum PagesBenchmark {
    private static let requests = 100

    static func run(_ workspace: Workspace) async throws {
        let server = try await RedisServer.start()
        // A long lease, because the farm's host says only once that it is there.
        let service = try await Service.start(
            workspace, settings: ["worker.hypervisor=simulated", "scheduler.lease=1h"], redis: server.address)
        let farm = Farm(queue: service.queue)
        try await farm.open()
        let connection = HTTPConnection(port: service.port)
        var made = 0
        for count in [1, 100, 1000, 10_000] {
            let session = try await farm.fill(count - made)
            made = count
            guard let session else { throw BenchError("there is no session") }
            if count != 1000 {
                let page = try await cost(of: "/sessions/\(session)", connection)
                Figure.print("status_page_\(count)", page.times.median, "ms", note: page.note)
            }
            if count >= 1000 {
                let page = try await cost(of: "/manage", connection)
                Figure.print(
                    "manage_\(count)", page.times.median, "ms", limit: count == 1000 ? .below(20) : nil,
                    note: page.note)
            }
        }
        await service.stop()
        await server.stop()
    }

    private static func cost(of path: String, _ connection: HTTPConnection) async throws -> (
        times: Samples, note: String
    ) {
        var times = Samples()
        var bytes = 0
        for round in 0..<(requests + 10) {
            let (answer, time) = try await connection.request("GET", path)
            guard answer.status == 200 else { throw BenchError("GET \(path): \(answer.status)") }
            bytes = answer.body.count
            // The first ones warm up.
            if round >= 10 { times.add(time.milliseconds) }
        }
        let note = "\(requests) requests, \(bytes) bytes, p95 \(Figure.text(times.percentile(95))) ms"
        return (times, note)
    }
}
