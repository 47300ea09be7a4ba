/// Why nobody can say whether a person may come in, or why a mail was not sent.
package struct AccountsError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The server can't be reached, has no room, or says that it can't answer now. Another try may help.
        case unavailable
        /// There was no answer within the time limit. Another try may help.
        case timeout
        /// The server offers no encryption, or its certificate is not one we trust.
        case insecure
        /// An option is missing or wrong; only the administrator can help.
        case badConfiguration
        /// The mail server refused the message, the sender or the recipient for good (5xx). Another try does not help.
        case rejected
        /// The task that waited was cancelled.
        case cancelled
        /// A call of the operating system or of a library failed.
        case system
    }

    package var code: Code
    /// What happened, where and the way out, in words for an administrator. Never a secret.
    package var detail: String
    package var cause: (any Error)?

    package init(_ code: Code, _ detail: String, cause: (any Error)? = nil) {
        self.code = code
        self.detail = detail
        self.cause = cause
    }

    package var description: String { detail }

    /// Whether the same call may succeed later without anybody changing anything.
    package var isTransient: Bool {
        switch code {
        case .unavailable, .timeout, .cancelled, .system: true
        case .insecure, .badConfiguration, .rejected: false
        }
    }
}
