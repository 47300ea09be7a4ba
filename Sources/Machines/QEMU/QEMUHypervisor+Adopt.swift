import Domain
import Logging
import Processes
import QMP

extension QEMUHypervisor {
    package func adopt() async -> [AdoptedMachine] {
        let found = Set((Files.names(in: paths.sessions) + Files.names(in: paths.disks)).compactMap { SessionID($0) })
        var adopted: [AdoptedMachine] = []
        for session in found.sorted() where machines[session] == nil {
            adopted.append(await adopt(session))
        }
        return adopted
    }

    private func adopt(_ session: SessionID) async -> AdoptedMachine {
        let files = paths.session(session)
        let fence = FenceFile.read(files)
        let gone = AdoptedMachine(session: session, fence: fence, state: .gone)
        guard let process = ProcessHandle(pidFile: files.pid, mark: files.run) else { return gone }
        do {
            let client = try await QMPClient.connect(to: files.qmp, deadline: .seconds(5), logger: logger)
            let status = try await client.execute(QueryStatus())
            welcome(
                LiveMachine(
                    session: session, fence: fence, oneShot: Files.read(files.gatewayPID) != nil, paths: files,
                    qmp: client, process: process, poweredOff: Latch(),
                    waitsForSpace: status.state == .ioError))
            return AdoptedMachine(session: session, fence: fence, state: Self.state(status.state))
        } catch {
            logger.warning(
                "machine does not answer", metadata: ["session.id": "\(session)", "error": "\(error)"])
            return gone
        }
    }

    private static func state(_ status: QMPRunState) -> AdoptedMachine.State {
        switch status {
        case .prelaunch: .paused
        case .shutdown: .poweredOff
        case .internalError, .guestPanicked: .gone
        default: .running
        }
    }
}

extension QEMUHypervisor {
    /// Lets go of all machines, which live on, as the end of the worker would.
    func letGo() async {
        for machine in machines.values {
            machines[machine.session]?.isStopping = true
            await machine.qmp.close()
        }
        machines = [:]
    }
}
