import Glibc
import Processes

/// What a host must have installed to run a machine. One that lacks something of it does not offer the machine.
package enum MachinePrograms {
    /// The firmware of UEFI: code, and variables of which each machine has a copy of its own.
    package struct UEFI: Sendable, Hashable {
        package var code: String
        package var variables: String
    }

    /// Files of the Debian packages ovmf and qemu-efi-aarch64; nil for a BIOS, which QEMU brings along.
    package static func uefi(
        _ architecture: MachineHardware.Architecture, _ firmware: MachineHardware.Firmware
    ) -> UEFI? {
        switch (architecture, firmware) {
        case (.amd64, .bios): nil
        case (.amd64, .uefi):
            UEFI(code: "/usr/share/OVMF/OVMF_CODE_4M.fd", variables: "/usr/share/OVMF/OVMF_VARS_4M.fd")
        case (.amd64, .secure):
            UEFI(code: "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", variables: "/usr/share/OVMF/OVMF_VARS_4M.ms.fd")
        case (.arm64, .secure):
            UEFI(code: "/usr/share/AAVMF/AAVMF_CODE.ms.fd", variables: "/usr/share/AAVMF/AAVMF_VARS.ms.fd")
        case (.arm64, _): UEFI(code: "/usr/share/AAVMF/AAVMF_CODE.fd", variables: "/usr/share/AAVMF/AAVMF_VARS.fd")
        }
    }

    /// What this host lacks for a machine, and the package that has it.
    static func missing(for hardware: MachineHardware) -> (what: String, package: String)? {
        let architecture = hardware.architecture
        if Programs.find(architecture.emulator) == nil { return (architecture.emulator, architecture.package) }
        if let uefi = uefi(architecture, hardware.firmware),
            access(uefi.code, R_OK) != 0 || access(uefi.variables, R_OK) != 0
        {
            return (uefi.code, architecture == .amd64 ? "ovmf" : "qemu-efi-aarch64")
        }
        return hardware.tpm && Programs.find("swtpm") == nil ? ("swtpm", "swtpm") : nil
    }
}
