import Catalogue
import Domain
import FoundationEssentials
import Hypervisor
import Machines
import Processes
import QMP
import Viewer

/// QEMU without qwd around it, but with the arguments that qwd gives it.
struct LoneQEMU: Sendable {
    let workspace: Workspace
    let accelerator: Accelerator

    /// Time from exec to the first frame at QEMU's own socket.
    func firstFrame() async throws -> Duration {
        let id = SessionID(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        let place = try workspace.makeDirectory("alone")
        let specification = MachineSpecification(
            session: id, fence: 1, machine: try workspace.machine(), cpu: 1, memoryMiB: SessionClient.memoryMiB,
            diskGiB: 10)
        let paths = HostPaths(runtime: place, state: place).session(id)
        try Files.makeDirectory(paths.run)
        try Files.makeDirectory(paths.disk)
        let disk = try await ForegroundProcess.run(
            Program(
                "qemu-img", ["create", "-q", "-f", "qcow2", paths.overlay, "\(specification.diskGiB)G"],
                package: "qemu-utils"))
        guard disk.isSuccess else { throw BenchError("qemu-img: \(disk.message)") }
        let arguments = QEMUArguments.make(specification, accelerator: accelerator, vnc: "unix:\(paths.vnc)")
        let listener = try UnixSocket.listen(at: paths.qmp)
        let control = try UnixSocket.connect(to: paths.qmp)
        let inherited = try QEMUArguments.inherited(specification, accelerator: accelerator, paths: paths)

        let hardware = specification.machine.hardware.architecture
        let start = ContinuousClock.now
        let process = try await DetachedProcess.start(
            Program(hardware.emulator, arguments, package: hardware.package), standardInput: listener,
            inherited: inherited, log: paths.log)
        do {
            let qmp = try await QMPClient.connect(
                descriptor: control.take(), deadline: .seconds(20), logger: Service.silence)
            _ = try await qmp.execute(Continue())
            let viewer = try await Viewer.connect(unixSocket: paths.vnc)
            _ = try await viewer.firstFrame(deadline: .seconds(60))
            let time = ContinuousClock.now - start
            await viewer.close()
            _ = await process.kill()
            await qmp.close()
            Files.remove(place)
            return time
        } catch {
            _ = await process.kill()
            throw BenchError("QEMU alone: \(error) \(Files.read(paths.log) ?? "")")
        }
    }
}
