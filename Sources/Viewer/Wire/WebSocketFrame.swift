/// One frame of a WebSocket (RFC 6455, section 5.2).
struct WebSocketFrame: Sendable, Hashable {
    enum Opcode: UInt8, Sendable {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10
    }

    var opcode: Opcode
    var payload: [UInt8]

    init(_ opcode: Opcode, _ payload: [UInt8]) {
        self.opcode = opcode
        self.payload = payload
    }

    /// The frame as a client sends it. Masks only keep old proxies from being tricked, so this one is not random.
    func masked() -> [UInt8] {
        let mask: [UInt8] = [0x71, 0x77, 0x64, 0x21]
        var bytes = [0x80 | opcode.rawValue]
        switch payload.count {
        case ..<126: bytes.append(0x80 | UInt8(payload.count))
        case ..<65536: bytes += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
        default: bytes += [0x80 | 127] + (0..<8).reversed().map { UInt8(payload.count >> (8 * $0) & 0xff) }
        }
        bytes += mask
        for (place, byte) in payload.enumerated() { bytes.append(byte ^ mask[place % 4]) }
        return bytes
    }

    /// What a close frame says: a code and words.
    var reason: String {
        guard payload.count >= 2 else { return "" }
        return "\(Int(payload[0]) << 8 | Int(payload[1])) \(String(decoding: payload.dropFirst(2), as: UTF8.self))"
    }
}

/// Cuts what a server sends into frames.
struct WebSocketReader: Sendable {
    /// Longer than any update of a screen.
    private static let longestPayload = 1 << 30

    /// The frame that has begun: its opcode and what is still to come of it.
    private var current: (opcode: WebSocketFrame.Opcode, left: Int, payload: [UInt8])?
    private var header: [UInt8] = []

    /// - Returns: The frames that have come. Data is passed on as it comes, so one long frame may be several here.
    mutating func feed(_ bytes: [UInt8]) throws(ViewerError) -> [WebSocketFrame] {
        var frames: [WebSocketFrame] = []
        var rest = bytes[...]
        while true {
            if let (opcode, left, payload) = current {
                let part = rest.prefix(left)
                rest = rest.dropFirst(part.count)
                let isWhole = part.count == left
                // A control frame only means something as a whole; it has at most 125 bytes.
                if opcode.rawValue < 8 || isWhole {
                    frames.append(WebSocketFrame(opcode, payload + part))
                    current = isWhole ? nil : (opcode, left - part.count, [])
                } else {
                    current = (opcode, left - part.count, payload + part)
                }
            }
            guard let byte = rest.popFirst() else { return frames }
            header.append(byte)
            try readHeader()
        }
    }

    private mutating func readHeader() throws(ViewerError) {
        guard header.count >= 2 else { return }
        let short = Int(header[1] & 0x7f)
        let size = short < 126 ? 2 : short == 126 ? 4 : 10
        guard header.count == size else { return }
        let length = short < 126 ? short : header[2...].reduce(0) { $0 &<< 8 | Int($1) }
        guard let opcode = WebSocketFrame.Opcode(rawValue: header[0] & 0x0f), header[0] & 0x70 == 0,
            header[1] & 0x80 == 0, (0...Self.longestPayload).contains(length), opcode.rawValue < 8 || length < 126
        else { throw ViewerError(.unexpected, "The display's gateway sent no frame of a WebSocket.") }
        current = (opcode, length, [])
        header = []
    }
}
