/// The bytes of a connection in portions of the reader's choice; by WebSocket, the bytes inside its messages.
package struct ByteStream: Sendable {
    package typealias Deadline = StreamSocket.Deadline

    private let transport: any Transport
    private var webSocket: WebSocketReader?
    /// What has come and was not taken yet.
    private var buffer: [UInt8] = []
    /// How much of `buffer` was taken.
    private var taken = 0

    package init(_ transport: any Transport) {
        self.transport = transport
    }

    /// Takes exactly `count` bytes. When it throws nothing was taken.
    package mutating func take(_ count: Int, before deadline: Deadline) throws(ViewerError) -> [UInt8] {
        while buffer.count - taken < count { try fill(wanted: count, before: deadline) }
        defer { forget(count) }
        return Array(buffer[taken..<(taken + count)])
    }

    /// Takes everything up to and with `end`, as text without `end`.
    /// - Parameter limit: More bytes than this without `end` are `.unexpected`.
    package mutating func takeText(
        through end: String, limit: Int = 65536, before deadline: Deadline
    ) throws(ViewerError) -> String {
        let mark = Array(end.utf8)
        var searched = taken
        while true {
            while searched + mark.count <= buffer.count {
                if buffer[searched..<(searched + mark.count)].elementsEqual(mark) {
                    let text = String(decoding: buffer[taken..<searched], as: UTF8.self)
                    forget(searched - taken + mark.count)
                    return text
                }
                searched += 1
            }
            guard buffer.count - taken < limit else { throw ViewerError(.unexpected, "A line has no end.") }
            let before = taken
            try fill(wanted: 1, before: deadline)
            searched -= before - taken
        }
    }

    package func send(_ bytes: [UInt8], before deadline: Deadline) throws(ViewerError) {
        let bytes = webSocket == nil ? bytes : WebSocketFrame(.binary, bytes).masked()
        try transport.write(bytes, before: deadline)
    }

    /// Turns the connection into a WebSocket (RFC 6455) with the display's gateway.
    mutating func upgrade(_ address: DisplayAddress, before deadline: Deadline) throws(ViewerError) {
        try send(Array(WebSocketHandshake.request(address).utf8), before: deadline)
        try WebSocketHandshake.check(takeText(through: "\r\n\r\n", before: deadline))
        var reader = WebSocketReader()
        let early = Array(buffer[taken...])
        buffer = []
        taken = 0
        try deliver(reader.feed(early), before: deadline)
        webSocket = reader
    }

    private mutating func fill(wanted: Int, before deadline: Deadline) throws(ViewerError) {
        let bytes = try transport.read(limit: max(4096, min(wanted, 1 << 18)), before: deadline)
        guard !bytes.isEmpty else { throw ViewerError(.closed, "The other side ended the connection.") }
        buffer.removeFirst(taken)
        taken = 0
        if var reader = webSocket {
            let frames = try reader.feed(bytes)
            webSocket = reader
            try deliver(frames, before: deadline)
        } else {
            buffer += bytes
        }
    }

    private mutating func deliver(_ frames: [WebSocketFrame], before deadline: Deadline) throws(ViewerError) {
        for frame in frames {
            switch frame.opcode {
            case .continuation, .text, .binary: buffer += frame.payload
            case .ping: try transport.write(WebSocketFrame(.pong, frame.payload).masked(), before: deadline)
            case .pong: break
            case .close: throw ViewerError(.closed, "The display's gateway closed the connection. \(frame.reason)")
            }
        }
    }

    private mutating func forget(_ count: Int) {
        taken += count
    }
}
