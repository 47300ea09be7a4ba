import Viewer

/// An answer of a web server.
struct HTTPAnswer: Sendable {
    var status: Int
    /// Names in lower case.
    var fields: [String: String]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
}

/// HTTP/1.1 over one kept connection (RFC 9112): as much of it as our own frontend speaks.
struct HTTPExchange: Sendable {
    private let port: Int
    private var stream: ByteStream

    init(port: Int, before deadline: ByteStream.Deadline) throws {
        self.port = port
        stream = ByteStream(try StreamSocket.connect(host: "127.0.0.1", port: port, before: deadline))
    }

    mutating func send(
        _ method: String, _ path: String, accept: String, fields: [String] = [], form: String?,
        before deadline: ByteStream.Deadline
    ) throws {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Accept: \(accept)"] + fields
        if let form {
            lines += ["Content-Type: application/x-www-form-urlencoded", "Content-Length: \(form.utf8.count)"]
        }
        let head = lines.joined(separator: "\r\n") + "\r\n\r\n"
        try stream.send(Array((head + (form ?? "")).utf8), before: deadline)
    }

    /// Reads the head of an answer.
    mutating func head(before deadline: ByteStream.Deadline) throws -> HTTPAnswer {
        let lines = try stream.takeText(through: "\r\n\r\n", before: deadline).split(separator: "\r\n")
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        guard let status else { throw BenchError("the frontend does not answer as a web server") }
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let pair = line.split(separator: ":", maxSplits: 1)
            if pair.count == 2 { fields[pair[0].lowercased()] = String(pair[1].drop { $0 == " " }) }
        }
        return HTTPAnswer(status: status, fields: fields, body: [])
    }

    /// Reads a whole answer.
    mutating func answer(before deadline: ByteStream.Deadline) throws -> HTTPAnswer {
        var answer = try head(before: deadline)
        if let length = answer.fields["content-length"].flatMap({ Int($0) }) {
            answer.body = try stream.take(length, before: deadline)
        } else if answer.fields["transfer-encoding"] == "chunked" {
            while let chunk = try chunk(before: deadline) { answer.body += chunk }
        }
        return answer
    }

    /// Reads the next part of a body without a known length, nil after the last one.
    mutating func chunk(before deadline: ByteStream.Deadline) throws -> [UInt8]? {
        let line = try stream.takeText(through: "\r\n", before: deadline)
        guard let length = Int(line.prefix { $0 != ";" }, radix: 16) else {
            throw BenchError("the frontend sent a broken body")
        }
        let bytes = try stream.take(length, before: deadline)
        _ = try stream.takeText(through: "\r\n", before: deadline)
        return length == 0 ? nil : bytes
    }
}

/// A connection on a thread of its own.
actor HTTPConnection {
    private nonisolated let thread = BlockingThread(label: "qwd.bench.http")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private let port: Int
    private var exchange: HTTPExchange?

    init(port: Int) {
        self.port = port
    }

    /// Sends a request and reads the answer. The time is that of this thread alone, from the first byte sent to the last
    /// one read.
    func request(
        _ method: String, _ path: String, accept: String = "text/html", fields: [String] = [], form: String? = nil,
        deadline: Duration = .seconds(30)
    ) throws -> (answer: HTTPAnswer, time: Duration) {
        let start = ContinuousClock.now
        let before = start + deadline
        var exchange = try self.exchange ?? HTTPExchange(port: port, before: before)
        // A connection that broke within an answer is of no use any more.
        self.exchange = nil
        try exchange.send(method, path, accept: accept, fields: fields, form: form, before: before)
        let answer = try exchange.answer(before: before)
        let time = ContinuousClock.now - start
        self.exchange = exchange
        return (answer, time)
    }
}

/// A stream of server-sent events.
actor EventStream {
    private nonisolated let thread = BlockingThread(label: "qwd.bench.events")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private let port: Int
    private let path: String
    private var exchange: HTTPExchange?
    private var text = ""

    init(port: Int, path: String) {
        self.port = port
        self.path = path
    }

    /// The data of the next `status` event, nil when the stream has ended.
    func next(deadline: Duration) throws -> String? {
        let before = ContinuousClock.now + deadline
        if exchange == nil { exchange = try open(before: before) }
        while true {
            while let end = text.firstRange(of: "\n\n") {
                let lines = text[..<end.lowerBound].split(separator: "\n")
                text.removeSubrange(..<end.upperBound)
                guard lines.contains("event: status") else { continue }
                return lines.first { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
            }
            guard let chunk = try exchange?.chunk(before: before) else { return nil }
            text += String(decoding: chunk, as: UTF8.self)
        }
    }

    private func open(before deadline: ByteStream.Deadline) throws -> HTTPExchange {
        var exchange = try HTTPExchange(port: port, before: deadline)
        try exchange.send("GET", path, accept: "text/event-stream", form: nil, before: deadline)
        let status = try exchange.head(before: deadline).status
        guard status == 200 else { throw BenchError("GET \(path) was answered with \(status)") }
        return exchange
    }
}
