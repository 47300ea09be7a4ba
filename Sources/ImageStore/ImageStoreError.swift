/// Why an image could not be got.
package struct ImageStoreError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The address can't be used.
        case badURL
        /// The server, or the way to it, failed; what came so far is kept for the next try.
        case network
        /// The server says that it is not there, or may not be had.
        case refused
        /// What came is not what was promised.
        case wrongSum
        /// It is an archive that can't be unpacked, or has nothing in it that could be a machine.
        case badArchive
        /// It is no image that a machine can have.
        case badImage
        case noSpace
        case cancelled
        case system
    }

    package var code: Code
    /// What happened and the way out, in words for a person.
    package var detail: String

    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    package var description: String { detail }
}
