/// How values of one type are read and written: the only place that knows their syntax.
struct ValueFormat<Value: Sendable>: Sendable {
    /// Completes "expected ...".
    var expected: String
    var read: @Sendable (RawValue) throws(Mismatches) -> Value
    /// As YAML on one line.
    var write: @Sendable (Value) -> String
    /// Like `write`, with passwords hidden.
    var writeRedacted: @Sendable (Value) -> String

    init(
        expected: String, read: @escaping @Sendable (RawValue) throws(Mismatches) -> Value,
        write: @escaping @Sendable (Value) -> String, writeRedacted: (@Sendable (Value) -> String)? = nil
    ) {
        self.expected = expected
        self.read = read
        self.write = write
        self.writeRedacted = writeRedacted ?? write
    }

    /// A value that is one word or one number.
    /// - Parameters:
    ///   - allowsQuotes: Whether quotes in YAML are right: they make a number a text.
    ///   - choices: The words to look at for a misspelled one.
    ///   - shown: How a refused text is shown.
    ///   - parse: Answers nil for what is no value.
    static func scalar(
        _ expected: String, allowsQuotes: Bool = true, choices: [String] = [],
        shown: @escaping @Sendable (String) -> String = { $0 }, parse: @escaping @Sendable (String) -> Value?,
        write: @escaping @Sendable (Value) -> String, writeRedacted: (@Sendable (Value) -> String)? = nil
    ) -> Self {
        ValueFormat(
            expected: expected,
            read: { (raw) throws(Mismatches) in
                if case .quoted = raw.content, !allowsQuotes { throw Mismatches(raw, expected: expected) }
                if let text = raw.text, let value = parse(text) { return value }
                let near = raw.text.flatMap { Spelling.nearest(to: $0, among: choices) }
                throw Mismatches(
                    raw, found: raw.found(shown: shown), expected: expected, advice: near.map { "did you mean \($0)?" })
            }, write: write, writeRedacted: writeRedacted)
    }
}

extension ValueFormat {
    /// A value that may be left empty.
    static func optional<Wrapped>(_ format: ValueFormat<Wrapped>) -> Self where Value == Wrapped? {
        let expected = "\(format.expected), or \"\""
        return ValueFormat(
            expected: expected,
            read: { (raw) throws(Mismatches) in
                if raw.text == "" { return nil }
                do throws(Mismatches) {
                    return try format.read(raw)
                } catch {
                    throw error.expecting(expected)
                }
            },
            write: { $0.map(format.write) ?? "\"\"" },
            writeRedacted: { $0.map(format.writeRedacted) ?? "\"\"" })
    }
}
