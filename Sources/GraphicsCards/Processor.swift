import Processes

/// Whose processor this host has, which decides how its IOMMU is switched on.
package enum Processor: Sendable, Hashable {
    case intel, amd, other

    /// - Parameter path: `/proc/cpuinfo`, or a made-up one.
    package init(cpuinfo path: String) {
        let line = (Files.read(path) ?? "").split(separator: "\n").first { $0.hasPrefix("vendor_id") }
        self =
            switch line?.split(whereSeparator: { $0 == ":" || $0.isWhitespace }).last {
            case "GenuineIntel": .intel
            case "AuthenticAMD": .amd
            default: .other
            }
    }

    /// The kernel's parameter (Linux, kernel-parameters.txt). AMD's IOMMU is on by itself where the firmware has switched it on;
    /// the parameter only overrules one that was there before, and the kernel says at its start that it knows no such option.
    var parameter: KernelParameter? {
        switch self {
        case .intel: KernelParameter(key: "intel_iommu", value: "on")
        case .amd: KernelParameter(key: "amd_iommu", value: "on")
        case .other: nil
        }
    }

    /// How the IOMMU is switched on, for a person.
    var advice: String {
        let firmware = "switch it on in the firmware's set-up (VT-d, AMD-Vi, SMMU)"
        guard let parameter else { return firmware }
        return "\(firmware), and start the kernel with \(parameter), which qwd gpu bind does"
    }
}
