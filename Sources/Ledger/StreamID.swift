/// The id of an entry in a stream of Redis, `<milliseconds>-<sequence>`, which sorts as two numbers.
struct StreamID: Sendable, Hashable, Comparable, CustomStringConvertible {
    var milliseconds: Int64
    var sequence: Int64

    /// Redis has 64 bits without sign for each, SQLite has one less. Neither is ever filled.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int64($0) }
        guard parts.count == 2, let milliseconds = parts[0], let sequence = parts[1] else { return nil }
        self.init(milliseconds: milliseconds, sequence: sequence)
        // "+1-01" is another way to write an id, and would be another id to who compares texts.
        guard milliseconds >= 0, sequence >= 0, description == text else { return nil }
    }

    init(milliseconds: Int64, sequence: Int64) {
        self.milliseconds = milliseconds
        self.sequence = sequence
    }

    var description: String { "\(milliseconds)-\(sequence)" }

    static func < (left: Self, right: Self) -> Bool {
        (left.milliseconds, left.sequence) < (right.milliseconds, right.sequence)
    }
}
