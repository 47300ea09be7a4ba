/// Comparison of secrets.
package enum ConstantTime {
    /// Whether two texts are the same. Takes the same time wherever they differ; only their lengths may be learnt from it.
    package static func isEqual(_ one: String, _ other: String) -> Bool {
        let (one, other) = (Array(one.utf8), Array(other.utf8))
        guard one.count == other.count else { return false }
        var difference: UInt8 = 0
        // `|` and `^` bind alike in Swift, so the parentheses matter: without them many different texts are equal.
        for place in one.indices { difference |= (one[place] ^ other[place]) }
        return difference == 0
    }
}
