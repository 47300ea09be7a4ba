import Glibc

/// An open file descriptor that is closed with its last owner.
package final class Descriptor: @unchecked Sendable {
    // Proof: `number` changes only in `take`, which a single owner calls once when it hands the descriptor on, and deinit.
    package private(set) var number: CInt

    package init(_ number: CInt) {
        self.number = number
    }

    /// Hands the descriptor to somebody else, who closes it.
    package func take() -> CInt {
        defer { number = -1 }
        return number
    }

    deinit {
        if number >= 0 { close(number) }
    }
}
