package import Domain

/// Why a machine could not be made, started, reached or ended.
package struct MachineError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// A program is not installed.
        case missingProgram
        /// The host has no space left for what the machine writes.
        case noSpace
        /// The machine's file is missing, unreadable or not what the catalogue says.
        case badImage
        /// QEMU ended while it was started.
        case notStarted
        /// QEMU on this host can't do what is wanted of it, and will not by another try.
        case unsupported
        /// QEMU does not answer.
        case notAnswering
        /// The kernel reports no exit after SIGKILL.
        case notReaped
        /// A newer owner was here: this one must not act.
        case stale
        /// A call of the operating system failed.
        case system
        /// The display's gateway can't be started.
        case display
        /// Guests can't be given a network that is shut off from this host.
        case network
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

    /// Whether another try may help.
    package var failureClass: FailureClass {
        switch code {
        case .noSpace: .noRoom
        case .badImage, .unsupported: .permanent
        case .missingProgram, .notStarted, .notAnswering, .notReaped, .stale, .system, .display, .network: .transient
        }
    }
}
