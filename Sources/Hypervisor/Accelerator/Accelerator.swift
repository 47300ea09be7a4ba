import Catalogue

/// What executes a guest's instructions.
package enum Accelerator: String, Codable, Sendable {
    /// The processor, by way of Linux.
    case kvm
    /// QEMU's translator: runs everywhere, ten to twenty times slower.
    case tcg

    /// What runs a guest on a host that has this one: those of another architecture are always translated.
    func running(_ architecture: MachineHardware.Architecture) -> Accelerator {
        architecture == .ofHost ? self : .tcg
    }
}

/// What the administrator wants of a host.
package enum AcceleratorChoice: String, Codable, Sendable, CaseIterable {
    /// KVM where it really runs guests, else TCG.
    case auto
    /// KVM or nothing.
    case kvm
    case tcg
}

/// The accelerator of a host and how it was found.
package struct AcceleratorReport: Codable, Sendable, Hashable {
    package var accelerator: Accelerator
    /// Why, in words for an administrator, above all why not KVM. A clause without a full stop.
    package var reason: String
    /// The boot of the host for which this holds; empty where the kernel has no id for it.
    package var bootID: String
    /// "7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)"
    package var qemuVersion: String
}

/// Why there is no accelerator to name.
package struct AcceleratorError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// QEMU isn't installed.
        case missingProgram
        /// KVM was demanded and doesn't work.
        case noKVM
        /// The task was cancelled before the probe was through.
        case cancelled
        /// A call of the operating system failed, or QEMU could not be run.
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
