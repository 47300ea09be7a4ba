internal import CHiredis
internal import NIOCore

/// Writes commands as Redis wants to read them, with hiredis as the formatter.
enum RESPWriter {
    static func write(_ command: [String], into buffer: inout ByteBuffer) {
        precondition(
            !command.isEmpty, "a Redis command has at least a name: to an empty one the server answers nothing")
        let size = command.reduce(0) { $0 + $1.utf8.count }
        withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { text in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: command.count) { arguments in
                withUnsafeTemporaryAllocation(of: Int.self, capacity: command.count) { lengths in
                    var rest = text[...]
                    for (index, argument) in command.enumerated() {
                        let place = UnsafeMutableRawBufferPointer(rebasing: rest.prefix(argument.utf8.count))
                        place.copyBytes(from: argument.utf8)
                        rest = rest.dropFirst(place.count)
                        arguments.initializeElement(
                            at: index, to: UnsafeRawPointer(place.baseAddress)?.assumingMemoryBound(to: CChar.self))
                        lengths.initializeElement(at: index, to: place.count)
                    }
                    append(arguments, lengths, to: &buffer)
                }
            }
        }
    }

    private static func append(
        _ arguments: UnsafeMutableBufferPointer<UnsafePointer<CChar>?>, _ lengths: UnsafeMutableBufferPointer<Int>,
        to buffer: inout ByteBuffer
    ) {
        var formatted: UnsafeMutablePointer<CChar>?
        let count = redisFormatCommandArgv(
            &formatted, Int32(arguments.count), arguments.baseAddress, lengths.baseAddress)
        // It reports nothing but a failed malloc.
        precondition(count > 0, "out of memory")
        buffer.writeBytes(UnsafeRawBufferPointer(start: formatted, count: Int(count)))
        redisFreeCommand(formatted)
    }
}
