package import Catalogue
package import Domain
package import Machines

/// Everything that decides how one session's machine is made. QEMU's arguments are a pure function of it, by way of its `MachineShape`.
package struct MachineSpecification: Sendable, Hashable {
    package var session: SessionID
    /// Number of the claim in whose name the host acts.
    package var fence: Int
    package var machine: Machine
    package var cpu: Int
    package var memoryMiB: Int
    /// Size of the scratch disk that an ISO machine gets.
    package var diskGiB: Int
    /// Whether it writes to the machine's own disk, and not to one on top of it.
    package var usesMaster = false
    /// A script for its guest's shell, run once when its system is up; nil for none.
    package var bootScript: String?
    /// Scripts for Windows in its place, each run once when its system is up, in their order; libguestfs puts them into the disk.
    package var batchScripts: [String] = []
    /// Whether the script only mounts folders, which is not worth a disk of its own for a live system.
    package var mountsOnly = false

    /// How many of the host's graphics cards it gets.
    package var graphicsCards = 0
    /// What is done to its disk before it starts, by an administrator's rules: lines for virt-customize(1).
    package var diskCommands: [String] = []
    /// More options of QEMU, by an administrator's rules.
    package var qemuOptions: [String] = []

    /// Bytes that its exchange folder may have; nil for none.
    package var exchangeBytes: Int?
    /// Directories of the host that its guest gets.
    package var folders: [SharedFolder] = []

    package init(
        session: SessionID, fence: Int, machine: Machine, cpu: Int, memoryMiB: Int, diskGiB: Int
    ) {
        self.session = session
        self.fence = fence
        self.machine = machine
        self.cpu = cpu
        self.memoryMiB = memoryMiB
        self.diskGiB = diskGiB
    }

    package var ref: MachineRef { MachineRef(session, fence: fence) }

    /// Whether its disk is changed before it starts, which takes a while.
    package var customizesDisk: Bool {
        !diskCommands.isEmpty || !batchScripts.isEmpty || bootScript != nil && machine.inject == .firstboot
    }

    /// Size of the disk that the session writes to, as its guest sees it.
    var diskBytes: Int {
        switch machine.kind {
        // As large as the image, or larger where the catalogue says so.
        case .disk: max(machine.virtualSizeBytes, (machine.diskGiB ?? 0) << 30)
        case .iso: diskGiB << 30
        }
    }

    /// What the largest file of its QEMU may have: the whole disk with what qcow2 adds to it, which is less than a percent.
    /// It holds for the log too, so that code which broke into QEMU has an end at twice the disk.
    var fileBytes: Int {
        // Memory that file servers share is a file for the kernel.
        let memory = folders.isEmpty ? 0 : memoryMiB << 20
        let largest = max(diskBytes, machine.disk2?.virtualSizeBytes ?? 0, memory)
        return largest + largest / 64 + 1 << 30
    }
}
