import Catalogue
import Domain
import Logging
import Machines
import Processes
import QMP

extension QEMUHypervisor {
    package func adopt() async -> [AdoptedMachine] {
        let found = Set((Files.names(in: paths.sessions) + Files.names(in: paths.disks)).compactMap { SessionID($0) })
        return await withTaskGroup(of: AdoptedMachine.self) { group in
            for session in found where machines[session] == nil {
                group.addTask { await self.adopt(session) }
            }
            var adopted: [AdoptedMachine] = []
            for await machine in group { adopted.append(machine) }
            return adopted.sorted { $0.session < $1.session }
        }
    }

    private func adopt(_ session: SessionID) async -> AdoptedMachine {
        let files = paths.session(session)
        let fence = FenceFile.read(files)
        // The process id is not there if the worker was killed while QEMU was being started, or if somebody has removed
        // the runtime directory.
        let found =
            ProcessHandle(pidFile: files.pid, mark: QEMUArguments.mark(session))
            ?? MachineHardware.Architecture.allCases.lazy.compactMap {
                ProcessHandle.find($0.emulator, mark: QEMUArguments.mark(session))
            }.first
        guard let process = found else { return AdoptedMachine(session: session, fence: fence, state: .gone) }
        let machine = UnresponsiveMachine(session: session, fence: fence, process: process)
        let adopted = await connect(machine)
        if adopted.state == .silent {
            silent[session] = machine
            follow(machine)
            tellSilence(of: machine)
        }
        return adopted
    }

    func tellSilence(of machine: UnresponsiveMachine) {
        if machine.isStopping { return }
        emit(.trouble(machine.session, detail: "The machine does not answer its host, which may be busy."))
    }

    private func connect(_ machine: UnresponsiveMachine) async -> AdoptedMachine {
        func adopted(_ state: AdoptedMachine.State) -> AdoptedMachine {
            AdoptedMachine(session: machine.session, fence: machine.fence, state: state)
        }
        let files = paths.session(machine.session)
        do {
            let client = try await QMPClient.connect(to: files.qmp, deadline: .seconds(5), logger: logger)
            do {
                let status = try await client.execute(QueryStatus())
                var live = LiveMachine(
                    session: machine.session, fence: machine.fence,
                    paths: files, qmp: client, process: machine.process, poweredOff: Latch(),
                    console: ConsoleLog(files),
                    waitsForSpace: status.state == .ioError, network: NetworkLink(adopting: files))
                live.isAdopted = true
                live.folderServers = folderServers(of: machine.session)
                if status.state != .prelaunch { live.switchedOn.open() }
                register(live)
                return adopted(state(status.state))
            } catch {
                await client.close()
                throw error
            }
        } catch {
            if machine.process.isGone { return adopted(.gone) }
            logger.warning(
                "machine does not answer", metadata: ["session.id": "\(machine.session)", "error": "\(error)"])
            return adopted(.silent)
        }
    }

    /// Asks a silent machine again and again until it answers, has ended, or is torn down.
    func listen(to machine: UnresponsiveMachine) async {
        while let known = silent[machine.session], known.fence == machine.fence, !Task.isCancelled {
            // Its end is an event; when it will answer, nothing tells.
            if await machine.process.waitForEnd(limit: .seconds(1)) {
                let wasAskedFor = silent.removeValue(forKey: machine.session)?.isStopping ?? true
                if wasAskedFor { return }
                emit(
                    .ended(
                        machine.session, fence: machine.fence, .crashed,
                        detail: "QEMU ended without an answer. \(paths.session(machine.session).lastWords(of: \.log))"))
                return
            }
            if known.isStopping { continue }
            let adopted = await connect(machine)
            if adopted.state == .silent || adopted.state == .gone { continue }
            silent[machine.session] = nil
            emit(.answered(adopted))
            tellTrouble(of: machine.session)
        }
    }

    private func state(_ status: QMPRunState) -> AdoptedMachine.State {
        if let why = whyCrashed(status) { return .crashed(why) }
        return switch status {
        case .prelaunch: .paused
        case .shutdown: .poweredOff
        default: .running
        }
    }
}

extension QEMUHypervisor {
    /// Lets go of all machines, which live on, as the end of the worker would.
    func detach() async {
        for machine in machines.values {
            machines[machine.session]?.isStopping = true
            await machine.qmp.close()
        }
        machines = [:]
        silent = [:]
    }
}
