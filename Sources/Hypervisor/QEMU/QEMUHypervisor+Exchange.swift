package import Domain
import Glibc
import Machines
import Processes
import QMP

extension QEMUHypervisor {
    /// Makes the exchange folder of a session, which outlives it. What is there is of a start that came to nothing.
    func makeExchange(_ specification: MachineSpecification, account: Account?) throws(MachineError) {
        guard specification.exchangeBytes != nil else { return }
        let exchange = paths.exchange(specification.session)
        Files.remove(exchange.directory)
        try MachineError.translating { () throws(ProcessError) in
            try Files.makeDirectory(exchange.files)
            try account?.own(exchange.files, mode: 0o700)
        }
    }

    /// The exchange folder is the last of a session's folders.
    func withExchange(_ specification: MachineSpecification) throws(MachineError) -> MachineSpecification {
        guard let bytes = specification.exchangeBytes else { return specification }
        let path = paths.exchange(specification.session).files
        guard let identity = FileIdentity(path) else {
            throw MachineError(.system, "The exchange folder of the session is not there.")
        }
        var specification = specification
        var folder = SharedFolder(
            tag: ExchangeFolder.tag, path: path, identity: identity, isReadOnly: false, account: nil,
            guestUser: ExchangeFolder.guestUser)
        folder.mostBytes = bytes
        specification.folders.append(folder)
        return specification
    }

    package func limitExchange(_ session: SessionID, to growth: ExchangeGrowth, bytes: Int) async -> Bool {
        guard let server = exchangeServer(of: session) else { return false }
        await FileServer.limit(server, to: growth, bytes: bytes, account: account(of: paths.session(session)))
        guard let machine = machines[session], !machine.isStopping else { return false }
        if growth == .stopped { return await pauseForFiles(machine) }
        guard machine.hasTooManyFiles else { return true }
        machines[session]?.hasTooManyFiles = false
        tellTrouble(of: session)
        // One whose disk is full too waits for that.
        if machine.waitsForSpace { return true }
        return (try? await machine.qmp.execute(Continue())) != nil
    }

    /// Lets a machine stand still. Not its file server: QEMU waits for that one's answer when a guest starts anew, and would hang.
    private func pauseForFiles(_ machine: LiveMachine) async -> Bool {
        if machine.hasTooManyFiles { return true }
        // One that waits for its first start writes nothing.
        guard let status = try? await machine.qmp.execute(QueryStatus()), status.state != .prelaunch,
            (try? await machine.qmp.execute(Stop())) != nil, machines[machine.session]?.fence == machine.fence
        else { return false }
        machines[machine.session]?.hasTooManyFiles = true
        tellTrouble(of: machine.session)
        return true
    }

    package func unnamedExchangeBytes(_ session: SessionID) -> Int {
        guard let server = exchangeServer(of: session), let folder = FileIdentity(paths.exchange(session).files) else {
            return 0
        }
        return FileServer.unnamedBytes(server, in: folder)
    }

    /// Looked for among all processes once.
    private func exchangeServer(of session: SessionID) -> ProcessHandle? {
        guard let machine = machines[session] else { return nil }
        if let known = machine.exchangeServer, !known.isGone { return known }
        let found = FileServer.find(session, tag: ExchangeFolder.tag)
        machines[session]?.exchangeServer = found
        return found
    }
}
