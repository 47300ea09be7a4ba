package import Domain
import Processes
import QMP

extension QEMUHypervisor {
    /// Longest time from exec to the answer to the first command. A loaded host under TCG was seen to take 2 s.
    private static let answerDeadline = Duration.seconds(20)

    package func makeSnapshot(_ specification: MachineSpecification) async throws(MachineError) {
        let session = paths.session(specification.session)
        guard FenceFile.read(session) <= specification.fence else {
            throw MachineError(.stale, "A newer claim has taken session \(specification.session) over.")
        }
        try await tearDown(specification.session, fence: specification.fence)
        try MachineError.translating { () throws(ProcessError) in
            try Files.makeDirectory(session.run)
            try Files.makeDirectory(session.disk)
        }
        try FenceFile.raise(session, to: specification.fence)
        if specification.oneShot {
            try MachineError.translating { () throws(ProcessError) in try Files.write("", to: session.oneShot) }
        }
        try await Overlay.make(specification, paths: session)
    }

    package func launch(_ specification: MachineSpecification) async throws(MachineError) {
        let session = paths.session(specification.session)
        try FenceFile.raise(session, to: specification.fence)
        let arguments = QEMUArguments.make(specification, paths: session, accelerator: kind)
        let socket = try await MachineError.translating { () async throws(ProcessError) in
            let listener = try UnixSocket.listen(at: session.qmp)
            let socket = try UnixSocket.connect(to: session.qmp)
            try await DetachedProcess.start(
                QEMUArguments.program, arguments, standardInput: listener, log: session.log,
                package: "qemu-system-x86")
            return socket
        }
        let client: QMPClient
        do {
            client = try await QMPClient.connect(
                descriptor: socket.take(), deadline: Self.answerDeadline, logger: logger)
        } catch {
            throw notStarted(session, error)
        }
        guard let process = ProcessHandle(pidFile: session.pid, mark: session.run) else {
            await client.close()
            throw MachineError(.notStarted, "QEMU ended while it was started. \(session.lastWords(of: \.log))")
        }
        welcome(
            LiveMachine(
                session: specification.session, fence: specification.fence, oneShot: specification.oneShot,
                paths: session, qmp: client, process: process, poweredOff: Latch()))
    }

    package func connectNetwork(_ session: SessionID) async throws(MachineError) {
        try await startNetwork(live(session))
    }

    package func switchOn(_ session: SessionID) async throws(MachineError) {
        let machine = try live(session)
        do {
            _ = try await machine.qmp.execute(Continue())
        } catch {
            throw MachineError(.notAnswering, "QEMU does not switch on: \(error)", cause: error)
        }
    }

    private func notStarted(_ session: SessionPaths, _ error: QMPError) -> MachineError {
        let words = session.lastWords(of: \.log)
        let code: MachineError.Code = words.contains("No space left") ? .noSpace : .notStarted
        return MachineError(code, "QEMU did not start. \(words.isEmpty ? error.description : words)", cause: error)
    }
}

extension SessionPaths {
    /// The last line of a log: what a program says before it ends.
    func lastWords(of log: KeyPath<SessionPaths, String>) -> String {
        (Files.read(self[keyPath: log]) ?? "").split(separator: "\n").last.map { String($0.suffix(500)) } ?? ""
    }
}
