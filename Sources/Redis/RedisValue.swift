/// What Redis answers.
package enum RedisValue: Sendable, Hashable {
    case null
    case integer(Int)
    /// A bulk or status reply. Bytes that are not UTF-8 are repaired with U+FFFD.
    case string(String)
    case array([RedisValue])
    /// An error inside an array or a pipeline. Elsewhere an error reply is thrown.
    case error(String)
}

extension RedisValue {
    package var isNull: Bool { self == .null }

    /// The text of a string reply, else nil.
    package var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The number of an integer reply, or of a string reply that is a decimal number (hash fields, scores), else nil.
    package var integer: Int? {
        switch self {
        case .integer(let number): number
        case .string(let text): Int(text)
        case .null, .array, .error: nil
        }
    }

    /// The elements of an array reply, else nil.
    package var array: [RedisValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }
}
