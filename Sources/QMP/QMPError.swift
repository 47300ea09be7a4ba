/// Why a QMP connection or command failed.
package struct QMPError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The socket could not be reached.
        case connect
        /// What answered is not a QEMU we can talk to.
        case greeting
        /// No answer in the time given. The command may still take effect.
        case timedOut
        /// The waiting task was cancelled. The command may still take effect.
        case cancelled
        /// The connection ended. `quitRequested` tells whether QEMU had been asked to quit before.
        case closed(quitRequested: Bool)
        /// QEMU refused the command. The class is QEMU's own word, "GenericError" for most.
        case refused(class: String)
        /// Bytes that are not QMP, or a reply that is not of the command's type.
        case malformed
        /// A line above the limit of 10 MB.
        case lineTooLong
    }

    package var code: Code
    package var detail: String
    package var cause: (any Error)?

    package init(_ code: Code, _ detail: String, cause: (any Error)? = nil) {
        self.code = code
        self.detail = detail
        self.cause = cause
    }

    package var description: String {
        guard let cause else { return "QMP: \(detail)" }
        return "QMP: \(detail) (\(cause))"
    }
}
