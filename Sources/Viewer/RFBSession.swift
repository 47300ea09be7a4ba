/// The client's side of one RFB 3.8 connection (RFC 6143): no password, raw pixels, and the screen may change its size.
struct RFBSession: Sendable {
    typealias Deadline = StreamSocket.Deadline

    /// A message that has begun comes to its end soon; a server that stops within one is broken.
    private static let patience = Duration.seconds(10)
    private static let raw: Int32 = 0
    private static let desktopSize: Int32 = -223

    private var stream: ByteStream
    /// What the server has shown up to now.
    private(set) var frame = Frame(width: 0, height: 0)
    /// Whether an update was asked for and has not come.
    private(set) var isWaiting = false

    /// What came with one update.
    struct Update {
        /// Pixels that were sent, of which some may be as before.
        var pixels = 0
        /// The screen has another size: it is black here until all of it was sent again.
        var isResized = false
    }

    /// Speaks with the server until it shows its screen.
    init(_ stream: ByteStream, before deadline: Deadline) throws(ViewerError) {
        self.stream = stream
        guard try text(12, deadline) == "RFB 003.008\n" else {
            throw ViewerError(.unexpected, "The server does not speak RFB 3.8.")
        }
        try send(Array("RFB 003.008\n".utf8), deadline)
        let kinds = try bytes(Int(number(1, deadline)), deadline)
        guard !kinds.isEmpty else { throw ViewerError(.refused, try reason(deadline)) }
        guard kinds.contains(1) else { throw ViewerError(.refused, "The display wants a password.") }
        try send([1], deadline)
        guard try number(4, deadline) == 0 else { throw ViewerError(.refused, try reason(deadline)) }
        // Others may look too.
        try send([1], deadline)
        let size = try (number(2, deadline), number(2, deadline))
        _ = try bytes(16, deadline)
        _ = try bytes(length(deadline), deadline)
        try resize(size.0, size.1)
        // 32 bits a pixel, 24 of them used, little-endian, true colour, 8 bits a channel, red at 16, green 8, blue 0.
        try send([0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0], deadline)
        try send([2, 0, 0, 2] + Self.big(Self.raw) + Self.big(Self.desktopSize), deadline)
        try request(everything: true)
    }

    /// Asks for what changed since the last update, or for everything.
    mutating func request(everything: Bool) throws(ViewerError) {
        let size = [frame.width >> 8, frame.width & 0xff, frame.height >> 8, frame.height & 0xff].map(UInt8.init)
        try send([3, everything ? 0 : 1, 0, 0, 0, 0] + size, .now + Self.patience)
        isWaiting = true
    }

    /// Presses a key and lets it go.
    func press(_ keysym: UInt32) throws(ViewerError) {
        let code = Self.big(Int32(bitPattern: keysym))
        try send([4, 1, 0, 0] + code + [4, 0, 0, 0] + code, .now + Self.patience)
    }

    /// Reads on to the end of the next update.
    ///
    /// After `.timedOut` or `.cancelled` it can be called again; any other error is the end of the connection.
    mutating func nextUpdate(before deadline: Deadline) throws(ViewerError) -> Update {
        while true {
            switch try number(1, deadline) {
            case 0: return try finishing { session, soon throws(ViewerError) in try session.update(soon) }
            case 2: break  // bell
            case 3:  // the server's clipboard
                try finishing { session, soon throws(ViewerError) in
                    _ = try session.bytes(3, soon)
                    _ = try session.bytes(session.length(soon), soon)
                }
            case let kind: throw ViewerError(.unexpected, "The server sent a message of the unknown kind \(kind).")
            }
        }
    }

    /// Reads the rest of a message. It can't be taken up again, so a deadline that passes here is the end.
    private mutating func finishing<Value>(
        _ body: (inout RFBSession, Deadline) throws(ViewerError) -> Value
    ) throws(ViewerError) -> Value {
        do {
            return try body(&self, .now + Self.patience)
        } catch {
            throw error.code == .timedOut ? ViewerError(.closed, "The server stopped within a message.") : error
        }
    }

    private mutating func update(_ deadline: Deadline) throws(ViewerError) -> Update {
        var update = Update()
        _ = try bytes(1, deadline)
        for _ in 0..<(try number(2, deadline)) {
            let (x, y) = try (number(2, deadline), number(2, deadline))
            let (width, height) = try (number(2, deadline), number(2, deadline))
            switch Int32(truncatingIfNeeded: try number(4, deadline)) {
            case Self.raw:
                guard x + width <= frame.width, y + height <= frame.height else {
                    throw ViewerError(.unexpected, "The server sent pixels beyond its screen.")
                }
                frame.paint(try bytes(4 * width * height, deadline), x: x, y: y, width: width, height: height)
                update.pixels += width * height
            case Self.desktopSize:
                try resize(width, height)
                update = Update(isResized: true)
            case let encoding:
                throw ViewerError(.unexpected, "The server used the encoding \(encoding), which nobody asked for.")
            }
        }
        isWaiting = false
        return update
    }

    private mutating func resize(_ width: Int, _ height: Int) throws(ViewerError) {
        guard (1...Frame.longestSide).contains(width), (1...Frame.longestSide).contains(height) else {
            throw ViewerError(.unexpected, "The server has a screen of \(width) x \(height) pixels.")
        }
        frame = Frame(width: width, height: height)
    }
}

extension RFBSession {
    private func send(_ bytes: [UInt8], _ deadline: Deadline) throws(ViewerError) {
        try stream.send(bytes, before: deadline)
    }

    private mutating func bytes(_ count: Int, _ deadline: Deadline) throws(ViewerError) -> [UInt8] {
        try stream.take(count, before: deadline)
    }

    private mutating func text(_ count: Int, _ deadline: Deadline) throws(ViewerError) -> String {
        String(decoding: try bytes(count, deadline), as: UTF8.self)
    }

    /// A number of `size` bytes, the highest first.
    private mutating func number(_ size: Int, _ deadline: Deadline) throws(ViewerError) -> Int {
        try bytes(size, deadline).reduce(0) { $0 << 8 | Int($1) }
    }

    /// The length of a text that follows.
    private mutating func length(_ deadline: Deadline) throws(ViewerError) -> Int {
        let length = try number(4, deadline)
        guard length <= 1 << 20 else { throw ViewerError(.unexpected, "The server sent a text of \(length) bytes.") }
        return length
    }

    private mutating func reason(_ deadline: Deadline) throws(ViewerError) -> String {
        "The display refuses viewers: \(try text(length(deadline), deadline))"
    }

    private static func big(_ number: Int32) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}
