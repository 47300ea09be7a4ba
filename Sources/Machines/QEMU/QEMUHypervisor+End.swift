package import Domain
import Processes
import QMP

extension QEMUHypervisor {
    package func powerDown(_ session: SessionID, grace: Duration) async {
        guard let machine = machines[session] else { return }
        machines[session]?.isStopping = true
        guard grace > .zero, (try? await machine.qmp.execute(SystemPowerdown())) != nil else {
            // It can't be asked; the teardown that follows ends it.
            return
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await machine.poweredOff.wait() }
            group.addTask { _ = await machine.process.waitForEnd(limit: grace) }
            await group.next()
            group.cancelAll()
        }
    }

    package func living() -> [SessionID] {
        machines.values.filter { !$0.process.isGone }.map(\.session)
            + silent.values.filter { !$0.process.isGone }.map(\.session)
    }

    package func tearDown(_ session: SessionID, fence: Int) async throws(MachineError) {
        let files = paths.session(session)
        guard FenceFile.read(files) <= fence else { return }
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
        if Files.read(files.networkPID) != nil, let holder = try? await network.namespace() {
            await source(of: session).giveUp(in: holder)
        }
        Files.remove(files.disk)
        Files.remove(files.run)
        await removeGroup(of: session, tries: 40)
    }
}
