/// Why a card can't be found, given to a guest, bound or given back.
package struct GraphicsCardsError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// An address, an entry of the block list or the name of a group is none.
        case malformed
        /// No such card is there, or it has gone.
        case missing
        /// It is there, but no guest can have it now.
        case notReady
        /// It would take something away from this host, and nobody said that this is meant.
        case needsForce
        /// A process uses it.
        case inUse
        /// A file is no longer what `bind` left.
        case changed
        case alreadyBound
        /// `bind` did not bind it.
        case notBound
        /// A file of this host is written in a way that can't be edited safely.
        case unsupported
        /// A call of the operating system failed.
        case system
    }

    package var code: Code
    /// What happened, where and the way out, in words for a person.
    package var detail: String
    package var cause: (any Error)?

    package init(_ code: Code, _ detail: String, cause: (any Error)? = nil) {
        self.code = code
        self.detail = detail
        self.cause = cause
    }

    package var description: String { detail }
}
