/// Why a program could not be run or an operating system call failed.
package struct ProcessError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The program is not installed.
        case missingProgram
        /// A call of the operating system failed.
        case system
        /// It ended before anybody could take hold of it.
        case ended
        /// It ran for longer than it may, and was killed.
        case timedOut
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
