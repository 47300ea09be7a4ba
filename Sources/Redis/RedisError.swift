/// Why a Redis command has no reply.
package struct RedisError: Error, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The URL is not one of the forms of ``RedisAddress``.
        case badAddress
        /// No connection can be made, or it was lost. A command that was under way may or may not have been executed.
        case unavailable
        /// The server did not answer in time. The command may have been executed, or may yet be.
        case timedOut
        /// The server refused the user, the password or the database number.
        case refused
        /// The server answered with an error; `detail` is its text, which begins with a word like `WRONGTYPE`.
        case server
        /// The server does not know a script or function, even though it was loaded a moment ago.
        case noScript
        /// The task that waited for a blocking command was cancelled.
        case cancelled
        /// The client was closed.
        case shuttingDown
    }

    package let code: Code
    package let detail: String
    /// The server, without the password.
    package let address: String?
    package let cause: (any Error)?

    package init(_ code: Code, _ detail: String, address: RedisAddress? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.detail = detail
        self.address = address?.description
        self.cause = cause
    }

    package var description: String {
        address.map { "Redis at \($0): \(detail)" } ?? "Redis: \(detail)"
    }
}

extension RedisError {
    /// An error reply as an error.
    init(reply: String, address: RedisAddress) {
        self.init(RedisError.code(ofReply: reply), reply, address: address)
    }

    /// An error reply to AUTH or SELECT.
    init(greetingReply reply: String, address: RedisAddress) {
        let code = RedisError.code(ofReply: reply)
        self.init(code == .server ? .refused : code, reply, address: address)
    }

    /// Such a server did not execute the command, and the next attempt may find it in a better state.
    /// `LOADING`: it reads its append-only file after a start.
    private static let passing = ["LOADING", "ERR max number of clients reached"]

    private static func code(ofReply reply: String) -> Code {
        if reply.hasPrefix("NOSCRIPT") || reply.hasPrefix("ERR Function not found") { return .noScript }
        if reply.hasPrefix("NOAUTH") || reply.hasPrefix("WRONGPASS") { return .refused }
        return passing.contains { reply.hasPrefix($0) } ? .unavailable : .server
    }
}
