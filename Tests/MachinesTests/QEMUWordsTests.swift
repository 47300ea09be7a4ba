@testable import Hypervisor
import Machines
import Testing

/// What QEMU says when it can't start, as it was seen, and what people are told.
struct `QEMU's words` {
    @Test(arguments: [
        (
            "qemu-system-x86_64: -blockdev driver=qcow2: No space left on device", MachineError.Code.noSpace,
            "disk space"
        ),
        ("qemu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory", .noSpace, "memory"),
        ("qemu-system-x86_64: -device ide-hd: Failed to get \"write\" lock", .system, "in use"),
        ("Parameter 'encrypt.key-secret' is required for cipher", .badImage, "encrypted"),
        ("Could not access KVM kernel module: Permission denied", .unsupported, "/dev/kvm"),
        ("qemu-system-x86_64: failed to initialize kvm: Permission denied", .unsupported, "/dev/kvm"),
        ("qemu-system-x86_64: -machine pcx: unsupported machine type", .unsupported, "-machine help"),
        (
            "qemu-system-x86_64: -device vmware-svga: 'vmware-svga' is not a valid device model name", .unsupported,
            "install"
        ),
        ("qemu-system-x86_64: unable to find CPU model 'foo'", .unsupported, "-cpu help"),
        ("qemu-system-x86_64: CPU model 'host' requires KVM or HVF", .unsupported, "write max"),
        ("qemu-system-x86_64: unsupported machine type", .unsupported, "-machine help"),
        ("qemu-system-x86_64: Property 'qemu64-x86_64-cpu.foo' not found", .unsupported, "no such property"),
        ("qemu-system-x86_64: something new", .notStarted, ""),
    ])
    func `have a meaning and a way out`(words: String, code: MachineError.Code, says: String) {
        let (found, meaning) = QEMUHypervisor.meaning(of: words)
        #expect(found == code)
        #expect(says.isEmpty ? meaning == nil : meaning?.contains(says) == true, "\(meaning ?? "nothing")")
    }
}
