import Dispatch
package import Domain
import Glibc
import GuestNetwork
package import Machines
import Processes
import QMP

extension QEMUHypervisor {
    package func powerDown(_ machine: MachineRef, grace: Duration) async {
        guard let machine = try? live(machine) else { return }
        machines[machine.session]?.isStopping = true
        let writes = MasterRecord(machine.paths).map { $0.identity == nil } ?? false
        let grace = writes ? max(grace, Self.masterGrace) : grace
        // One that stands still can't answer.
        guard grace > .zero, !machine.standsStill, (try? await machine.qmp.execute(SystemPowerdown())) != nil else {
            // It can't be asked; the teardown that follows ends it.
            return
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await machine.poweredOff.wait() }
            group.addTask { _ = await machine.process.waitForEnd(limit: grace) }
            await group.next()
            group.cancelAll()
        }
        // A machine that stands still has nothing that is not in its disk's file.
        if writes { _ = try? await machine.qmp.execute(Stop()) }
    }

    /// How long a guest has to power off whose disk stays, whatever others have: what it has not written is lost from it.
    private static let masterGrace = Duration.seconds(60)

    /// Removes a session's disk. One of many gigabytes takes its file system seconds, in which nobody here should wait: it gets
    /// another name, and goes on a thread of its own. What is left of that when we are killed goes with the next start.
    private func discard(_ directory: String) async {
        let removed = "\(paths.disks)/\(HostPaths.removed)\(UInt64.random(in: 0...UInt64.max))"
        guard rename(directory, removed) == 0 else { return Files.remove(directory) }
        let (done, report) = AsyncStream.makeStream(of: Void.self)
        Task {
            await Self.remove(removed)
            report.finish()
        }
        // The small ones, which most are, are gone when the session is.
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in done {} }
            group.addTask { try? await Task.sleep(for: .milliseconds(100)) }
            await group.next()
            group.cancelAll()
        }
    }

    private static func remove(_ path: String) async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                Files.remove(path)
                continuation.resume()
            }
        }
    }

    /// Removes what a worker that was killed had not removed yet.
    func removeDiscarded() async {
        for name in Files.names(in: paths.disks) where name.hasPrefix(HostPaths.removed) {
            await Self.remove("\(paths.disks)/\(name)")
        }
    }

    package func living() -> [SessionID] {
        machines.values.filter { !$0.process.isGone }.map(\.session)
            + silent.values.filter { !$0.process.isGone }.map(\.session)
    }

    package func tearDown(_ machine: MachineRef) async throws(MachineError) {
        let session = machine.session
        let files = paths.session(session)
        guard FenceFile.read(files) <= machine.fence else { return }
        machines[session]?.isStopping = true
        silent[session]?.isStopping = true
        let known = machines[session]?.process ?? silent[session]?.process
        // A machine that was being started when its worker was killed may not be recorded yet, or stand behind its guard.
        let processes =
            known.map { [$0] }
            ?? (Files.read(files.fence) == nil ? [] : ProcessHandle.all(mark: QEMUArguments.mark(session)))
        for process in processes where await !process.kill() {
            throw MachineError(
                .notReaped, "QEMU (process \(process.pid)) does not end. Is its disk or network hanging?")
        }
        silent[session] = nil
        if let machine = machines.removeValue(forKey: session) { await machine.qmp.close() }
        if let helper = ProcessHandle(pidFile: files.networkPID, mark: Passt.program) { _ = await helper.kill() }
        if Files.exists(files.tpm) {
            for helper in ProcessHandle.all(mark: TrustedPlatformModule.mark(session)) { _ = await helper.kill() }
        }
        await endCustomizing(files)
        if Files.exists(files.folderLog) {
            for server in ProcessHandle.all(mark: FileServer.mark(session)) { _ = await server.kill() }
        }
        if Files.read(files.networkPID) != nil, let holder = try? await network.namespace() {
            await source(of: session).giveUp(in: holder)
        }
        await discard(files.disk)
        Files.remove(files.run)
        await removeGroup(of: session, tries: 40)
    }
}
