internal import CHiredis

/// Turns the bytes of a server into replies, with hiredis as the parser.
///
/// hiredis calls back for each element, and the callbacks build Swift values at once. So there is no tree of C objects
/// between: nothing to convert, nothing to free, and half the time for a reply of thousands of elements.
struct RESPReader: ~Copyable {
    struct Malformed: Error {
        let detail: String
    }

    private let reader: UnsafeMutablePointer<redisReader>
    private let builder = ReplyBuilder()

    init() {
        guard let reader = redisReaderCreateWithFunctions(ReplyBuilder.functions) else {
            preconditionFailure("out of memory")
        }
        // hiredis hands this back to the callbacks. The builder lives as long as the reader: both belong to this struct.
        reader.pointee.privdata = Unmanaged.passUnretained(builder).toOpaque()
        self.reader = reader
    }

    deinit { redisReaderFree(reader) }

    mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        // It copies the bytes. It fails without memory or after an error, and then `next()` fails as well.
        _ = redisReaderFeed(reader, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
    }

    /// The next complete reply, or nil if more bytes are needed. After an error the reader is of no more use.
    mutating func next() throws(Malformed) -> RedisValue? {
        var finished: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &finished) == REDIS_OK else {
            throw Malformed(
                detail: withUnsafeBytes(of: &reader.pointee.errstr) { text in
                    String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return finished == nil ? nil : builder.take()
    }
}

/// The reply that hiredis is in the middle of. Touched by nothing but its reader, inside of `redisReaderGetReply`.
private final class ReplyBuilder {
    private var open: [(missing: Int, elements: [RedisValue])] = []
    private var reply: RedisValue?

    func take() -> RedisValue? {
        defer { reply = nil }
        return reply
    }

    func begin(_ count: Int) {
        guard count > 0 else { return append(.array([])) }
        var elements: [RedisValue] = []
        elements.reserveCapacity(min(count, 65_536))  // the count is only the server's word
        open.append((count, elements))
    }

    func append(_ value: RedisValue) {
        var value = value
        while let last = open.indices.last {
            open[last].elements.append(value)
            open[last].missing -= 1
            guard open[last].missing == 0 else { return }
            value = .array(open.removeLast().elements)
        }
        reply = value
    }
}

extension ReplyBuilder {
    /// Safe to share between threads: hiredis only reads it, and nothing writes it after this line. Never freed.
    nonisolated(unsafe) static let functions: UnsafeMutablePointer<redisReplyObjectFunctions> = {
        let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        functions.initialize(
            to: redisReplyObjectFunctions(
                createString: { task, bytes, count in
                    let text = String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
                    return add(task?.pointee.type == REDIS_REPLY_ERROR ? .error(text) : .string(text), task)
                },
                createArray: { task, count in
                    builder(of: task)?.begin(Int(count))
                    return done(task)
                },
                createInteger: { task, number in add(.integer(Int(number)), task) },
                createNil: { task in add(.null, task) },
                freeObject: nil))
        return functions
    }()

    private static func add(_ value: RedisValue, _ task: UnsafePointer<redisReadTask>?) -> UnsafeMutableRawPointer? {
        builder(of: task)?.append(value)
        return done(task)
    }

    private static func builder(of task: UnsafePointer<redisReadTask>?) -> ReplyBuilder? {
        task?.pointee.privdata.map { Unmanaged<ReplyBuilder>.fromOpaque($0).takeUnretainedValue() }
    }

    /// hiredis takes any pointer but nil for "made", and without `freeObject` looks at none of them.
    private static func done(_ task: UnsafePointer<redisReadTask>?) -> UnsafeMutableRawPointer? {
        UnsafeMutableRawPointer(mutating: task)
    }
}
