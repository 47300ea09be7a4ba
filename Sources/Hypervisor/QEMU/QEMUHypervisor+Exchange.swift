import Dispatch
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
        let account = account(of: paths.session(session))
        guard let server = exchangeServer(of: session),
            await FileServer.limit(server, to: growth, bytes: bytes, account: account)
        else { return false }
        guard let machine = machines[session], !machine.isStopping else { return false }
        if growth == .stopped { return await pauseForFiles(machine) }
        guard machine.hasTooManyFiles else { return true }
        // One whose disk is full too waits for that.
        if !machine.waitsForSpace, (try? await machine.qmp.execute(Continue())) == nil { return false }
        guard machines[session]?.fence == machine.fence else { return false }
        machines[session]?.hasTooManyFiles = false
        tellTrouble(of: session)
        return true
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

    package func unnamedExchangeBytes(_ session: SessionID) async -> Int {
        guard let server = exchangeServer(of: session) else { return 0 }
        let files = paths.exchange(session).files
        // A guest may have thousands of files open, for which nobody here waits.
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    returning: FileIdentity(files).map { FileServer.unnamedBytes(server, in: $0) } ?? 0)
            }
        }
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
