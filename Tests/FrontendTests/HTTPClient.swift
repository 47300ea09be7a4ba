import NIOCore
import NIOPosix

/// Sends requests byte by byte, so that a test can send what no well-behaved client would.
struct HTTPClient: Sendable {
    let port: Int
    /// The address to come from, one of 127.0.0.0/8: each is a client of its own. Nil lets the system choose.
    var from: String?

    struct Reply: Sendable {
        var status: Int
        /// Names in lower case; of a header that is there twice the last value.
        var headers: [String: String]
        var body: String
        /// The values of all `Set-Cookie` headers.
        var setCookies: [String] = []
    }

    /// Sends one request on a connection of its own and reads the whole answer.
    func send(
        _ method: String, _ path: String, host: String? = nil, headers: [(String, String)] = [], body: [UInt8] = []
    ) async throws -> Reply {
        let all = headers + [("Connection", "close")] + (method == "POST" ? [("Content-Length", "\(body.count)")] : [])
        var answer: [UInt8] = []
        for try await bytes in try await open(method, path, host: host, headers: all, body: body) { answer += bytes }
        return Self.reply(from: answer)
    }

    func get(_ path: String, headers: [(String, String)] = []) async throws -> Reply {
        try await send("GET", path, headers: headers)
    }

    /// Posts a form as a browser would.
    func post(_ path: String, _ form: [(String, String)] = [], headers: [(String, String)] = []) async throws -> Reply {
        let text = form.map { "\(Self.encode($0.0))=\(Self.encode($0.1))" }.joined(separator: "&")
        return try await send(
            "POST", path, headers: [("Content-Type", "application/x-www-form-urlencoded")] + headers,
            body: Array(text.utf8))
    }

    /// Sends a request and gives the answer's bytes as they come. The connection ends with the stream.
    func open(
        _ method: String, _ path: String, host: String? = nil, headers: [(String, String)], body: [UInt8] = []
    ) async throws -> AsyncThrowingStream<[UInt8], any Error> {
        let lines = ["\(method) \(path) HTTP/1.1", "Host: \(host ?? "127.0.0.1:\(port)")"]
        let head = (lines + headers.map { "\($0.0): \($0.1)" } + ["", ""]).joined(separator: "\r\n")
        return try await exchange(Array(head.utf8) + body)
    }

    /// Sends a text as it is and reads until the server closes.
    /// - Parameter endsAfter: Whether nothing more is going to come, which the server is told.
    func raw(_ text: String, endsAfter: Bool = false) async throws -> Reply {
        var answer: [UInt8] = []
        for try await bytes in try await exchange(Array(text.utf8), endsAfter: endsAfter) { answer += bytes }
        return Self.reply(from: answer)
    }

    private func exchange(
        _ request: [UInt8], endsAfter: Bool = false
    ) async throws -> AsyncThrowingStream<[UInt8], any Error> {
        var bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        if let from { bootstrap = bootstrap.bind(to: try SocketAddress(ipAddress: from, port: 0)) }
        let channel =
            try await bootstrap
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        return AsyncThrowingStream { continuation in
            let reader = Task {
                do {
                    try await channel.executeThenClose { inbound, outbound in
                        try await outbound.write(ByteBuffer(bytes: request))
                        if endsAfter { outbound.finish() }
                        for try await buffer in inbound { continuation.yield(Array(buffer.readableBytesView)) }
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in reader.cancel() }
        }
    }

    static func encode(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 48...57, 65...90, 97...122: String(Unicode.Scalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }

    static func reply(from bytes: [UInt8]) -> Reply {
        let text = String(decoding: bytes, as: UTF8.self)
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let lines = parts[0].split(separator: "\r\n")
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        var headers: [String: String] = [:]
        var setCookies: [String] = []
        for line in lines.dropFirst() {
            let halves = line.split(separator: ":", maxSplits: 1)
            guard halves.count == 2 else { continue }
            let value = String(halves[1].drop { $0 == " " })
            headers[halves[0].lowercased()] = value
            if halves[0].lowercased() == "set-cookie" { setCookies.append(value) }
        }
        return Reply(
            status: status, headers: headers, body: parts.count == 2 ? String(parts[1]) : "", setCookies: setCookies)
    }
}

/// Reads server-sent events from an open connection.
struct EventReader {
    struct Event: Sendable, Hashable {
        var name = ""
        var id: String?
        var data = ""
    }

    private var bytes: AsyncThrowingStream<[UInt8], any Error>.AsyncIterator
    private var text = ""
    private(set) var head: HTTPClient.Reply?

    init(_ stream: AsyncThrowingStream<[UInt8], any Error>) {
        bytes = stream.makeAsyncIterator()
    }

    /// The next event, or nil at the stream's end. Comments and the lines of the chunked encoding are left out.
    mutating func next() async throws -> Event? {
        while true {
            if head == nil, let end = text.range(of: "\r\n\r\n") {
                head = HTTPClient.reply(from: Array(text[..<end.upperBound].utf8))
                text = String(text[end.upperBound...])
            }
            if head != nil, let end = text.range(of: "\n\n") {
                let block = text[..<end.lowerBound].split(whereSeparator: \.isNewline)
                text = String(text[end.upperBound...])
                var event = Event()
                for line in block {
                    if line.hasPrefix("event: ") { event.name = String(line.dropFirst(7)) }
                    if line.hasPrefix("id: ") { event.id = String(line.dropFirst(4)) }
                    if line.hasPrefix("data: ") { event.data = String(line.dropFirst(6)) }
                }
                // That the server lives is no event.
                if !event.name.isEmpty, event.name != "beat" { return event }
                continue
            }
            guard let more = try await bytes.next() else { return nil }
            text += String(decoding: more, as: UTF8.self)
        }
    }
}

extension String {
    fileprivate func range(of part: String) -> Range<String.Index>? { firstRange(of: part) }
}
