package import Domain
import Glibc
import Machines
import Processes

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

    package func limitExchange(_ session: SessionID, to growth: ExchangeGrowth, bytes: Int) async {
        await FileServer.limit(
            to: growth, bytes: bytes, of: session, tag: ExchangeFolder.tag, account: account(of: paths.session(session))
        )
    }
}
