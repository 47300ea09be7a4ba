import FoundationEssentials
import NIOCore

/// Cuts a stream of bytes into QMP's lines, one JSON object each.
struct LineSplitter {
    /// More than any known reply (`query-qmp-schema` has 0.2 MB), and little enough to hold for every machine at once.
    static let defaultLimit = 10_000_000

    private let limit: Int
    private var buffer = ByteBuffer()
    /// How many of the readable bytes are known to hold no line end: a long line is scanned once, not with each piece.
    private var scanned = 0

    init(limit: Int = Self.defaultLimit) {
        self.limit = limit
    }

    mutating func append(_ bytes: consuming ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.discardReadBytes()
            buffer.writeBuffer(&bytes)
        }
    }

    /// The next whole line without its end, nil until one is complete. Blank lines are passed over.
    mutating func next() throws(QMPError) -> Data? {
        while true {
            let bytes = buffer.readableBytesView
            guard let end = bytes[(bytes.startIndex + scanned)...].firstIndex(of: UInt8(ascii: "\n")) else {
                scanned = bytes.count
                guard bytes.count <= limit else { throw tooLong() }
                return nil
            }
            var line = bytes[..<end]
            buffer.moveReaderIndex(forwardBy: line.count + 1)
            scanned = 0
            guard line.count <= limit else { throw tooLong() }
            if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
            if !line.isEmpty { return Data(line) }
        }
    }

    private func tooLong() -> QMPError {
        QMPError(.lineTooLong, "a line of more than \(limit) bytes")
    }
}
