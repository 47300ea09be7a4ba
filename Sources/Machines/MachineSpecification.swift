package import Domain

/// Everything that decides how one session's machine is made. QEMU's arguments are a pure function of it.
package struct MachineSpecification: Sendable, Hashable {
    package var session: SessionID
    /// Number of the claim in whose name the host acts.
    package var fence: Int
    package var machine: Machine
    package var cpu: Int
    package var memoryMiB: Int
    /// Size of the scratch disk that an ISO machine gets.
    package var diskGiB: Int
    package var oneShot: Bool

    package init(
        session: SessionID, fence: Int, machine: Machine, cpu: Int, memoryMiB: Int, diskGiB: Int, oneShot: Bool
    ) {
        self.session = session
        self.fence = fence
        self.machine = machine
        self.cpu = cpu
        self.memoryMiB = memoryMiB
        self.diskGiB = diskGiB
        self.oneShot = oneShot
    }
}
