/// Why a viewer sees nothing.
package struct ViewerError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// Nobody listens at the address, or it is none.
        case unreachable
        /// The server answered and said no: an unknown token, a password that is needed.
        case refused
        /// The server's certificate is none that is trusted, or is of another name.
        case untrusted
        /// The deadline passed.
        case timedOut
        /// The other side ended the connection, or the viewer was closed.
        case closed
        /// The other side does not speak the protocol as it should.
        case unexpected
        /// The task that waited was cancelled.
        case cancelled
    }

    package var code: Code
    package var detail: String

    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    package var description: String { detail }
}
