import Glibc
import Machines
import Processes

/// What one session may send, and what it may receive, in a second. Our own program keeps it, between QEMU and passt
/// (`TrafficShaper`): one process a session, which ends with either of them.
package struct NetworkRate: Sendable, Hashable {
    /// Megabits a second.
    package var megabits: Int
    /// Absolute path of `qwd`.
    package var program: String

    package init(megabits: Int, program: String) {
        (self.megabits, self.program) = (megabits, program)
    }

    /// What the program is called by.
    package static let command = "traffic-shaper"
    /// The descriptor where passt is; 0 is the machine.
    package static let helper: CInt = 3
    /// What passt may have sent that was not read yet: what does not fit it drops, and sends again much later. Only root gets it.
    private static let sendBuffer: CInt = 4 << 20
    /// Packets as long as Ethernet's, where passt's own are as long as can be: one of those would hold up all others for 60 ms at 8 Mbit/s.
    static let passtArguments = ["--mtu", "1500"]

    /// Puts a shaper before a machine's socket.
    /// - Returns: It, and the socket that passt gets in place of the machine's.
    func start(
        before machine: Descriptor, account: Account?, log: String?
    ) async throws(MachineError) -> (process: ProcessHandle, socket: Descriptor) {
        let shaper = Program.shutIn(
            program, [Self.command, "--megabits", "\(megabits)", "--helper", "\(Self.helper)"], account: account)
        let (inner, outer) = try MachineError.translating { () throws(ProcessError) in try UnixSocket.pair() }
        var size = Self.sendBuffer
        setsockopt(outer.number, SOL_SOCKET, SO_SNDBUFFORCE, &size, socklen_t(MemoryLayout<CInt>.size))
        let process = try await MachineError.translating { () async throws(ProcessError) in
            try await DetachedProcess.start(shaper, standardInput: machine, inherited: [inner], log: log)
        }
        return (process, outer)
    }
}
