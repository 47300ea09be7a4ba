import Catalogue
import Domain
import Logging
package import Machines
import Processes
import QMP

extension QEMUHypervisor {
    /// Longest time from exec to the answer to the first command. A loaded host under TCG was seen to take 2 s.
    private static let answerDeadline = Duration.seconds(20)
    /// Viewers who may connect in one moment: QEMU would let one wait.
    private static let viewersAtOnce: CInt = 128

    package func makeSnapshot(_ specification: MachineSpecification) async throws(MachineError) {
        let session = paths.session(specification.session)
        try FenceFile.check(session, specification.fence)
        try await tearDown(specification.ref)
        try MachineError.translating { () throws(ProcessError) in
            try Files.makeDirectory(session.run)
            try Files.makeDirectory(session.disk)
        }
        try FenceFile.raise(session, to: specification.fence)
        try rememberMaster(specification)
        let account = try assignUser(session)
        try takeCards(specification)
        try makeExchange(specification, account: account)
        try UEFIVariables.make(specification.machine, paths: session)
        try expectReadiness(specification)
        if let files = BootScriptFiles(specification, paths: session) {
            try await files.make(specification, account: account)
        }
        try await Overlay.make(specification, paths: session, account: account)
    }

    package func launch(_ asked: MachineSpecification) async throws(MachineError) {
        let session = paths.session(asked.session)
        let specification = try withExchange(asked)
        try FenceFile.raise(session, to: specification.fence)
        let account = account(of: session)
        let shape = MachineShape(specification, accelerator: kind)
        var wanted = machineProgram(specification, shape, account: account)
        wanted.attach(try attachments(session), memoryMiB: specification.memoryMiB)
        let program = wanted
        let group = ControlGroup(specification.session.text, in: groups)
        let limits = specification.limits(accelerator: shape.accelerator)
        let socket: Descriptor
        let display: Descriptor
        let process: ProcessHandle
        var helpers: [ProcessHandle] = []
        var servers: [(process: ProcessHandle, connection: Descriptor)] = []
        do throws(ProcessError) {
            let tpm =
                specification.machine.hardware.tpm
                ? try await TrustedPlatformModule.start(specification.session, session, account: account) : nil
            if let tpm { helpers.append(tpm.process) }
            for (place, folder) in specification.folders.enumerated() {
                servers.append(
                    try await FileServer.start(folder, place, of: specification.session, session, account: account))
            }
            helpers += servers.map(\.process)
            let listener = try UnixSocket.listen(at: session.qmp)
            socket = try UnixSocket.connect(to: session.qmp)
            display = try UnixSocket.listen(at: session.vnc)
            try UnixSocket.send(display, through: socket)
            process = try await DetachedProcess.start(
                program, standardInput: listener,
                inherited: try InheritedDescriptors(shape).open(
                    specification.machine, paths: session, tpm: tpm?.connection,
                    folders: servers.map(\.connection)),
                log: session.log)
            try process.record(in: session.pid)
            if !servers.isEmpty { try Files.makeDirectory(session.folderServers) }
            for (folder, server) in zip(specification.folders, servers) {
                try server.process.record(in: session.folderServer(folder.tag))
            }
        } catch {
            throw error.code == .ended ? notStarted(specification, session, error) : MachineError(error)
        }
        for problem in group.hold(process.pid, limits) {
            logger.warning(
                "session without a limit", metadata: ["session.id": "\(specification.session)", "error": "\(problem)"])
        }
        for helper in helpers { group.add(helper.pid) }
        let client: QMPClient
        do {
            client = try await connect(socket)
        } catch {
            throw notStarted(specification, session, error)
        }
        // Only root can look, and only root serves what is somebody's.
        for (folder, server) in zip(specification.folders, servers) where account != nil {
            guard FileServer.hasRightFolder(server.process, folder) else {
                throw MachineError(
                    .system,
                    "The directory of \(folder.tag) is not what it was a moment ago. \(session.lastWords(of: \.folderLog))"
                )
            }
        }
        // A shorter queue of viewers is no reason to fail.
        try? UnixSocket.wait(for: Self.viewersAtOnce, at: display)
        var machine = LiveMachine(
            session: specification.session, fence: specification.fence,
            paths: session, qmp: client, process: process, poweredOff: Latch(), console: ConsoleLog(session))
        for (folder, server) in zip(specification.folders, servers) {
            machine.folderServers[folder.tag] = server.process
        }
        register(machine)
    }

    /// Connects to a QEMU to which the display's socket is on its way.
    private func connect(_ socket: Descriptor) async throws(QMPError) -> QMPClient {
        let client = try await QMPClient.connect(
            descriptor: socket.take(), deadline: Self.answerDeadline, logger: logger)
        // QEMU's option for its display takes a path or a port; only this command takes a socket that is there.
        _ = try await client.execute(GetFD(name: "vnc"))
        _ = try await client.execute(DisplayUpdate(descriptor: "vnc"))
        return client
    }

    package func connectNetwork(_ machine: MachineRef) async throws(MachineError) {
        try await startNetwork(live(machine))
    }

    package func switchOn(_ machine: MachineRef) async throws(MachineError) {
        let machine = try live(machine)
        // It goes on when some of its files are removed.
        if machine.hasTooManyFiles { return }
        do {
            _ = try await machine.qmp.execute(Continue())
        } catch {
            throw MachineError(.notAnswering, "QEMU does not switch on: \(error)", cause: error)
        }
    }

    private func notStarted(
        _ specification: MachineSpecification, _ session: SessionPaths, _ error: any Error & CustomStringConvertible
    ) -> MachineError {
        let words = session.lastWords(of: \.log)
        // QEMU names itself, the option and the reason.
        let parts = words.split(separator: ": ", maxSplits: 2)
        if parts.count == 3, parts[1].contains("=master"), parts[1].contains("-file") {
            let machine = specification.machine
            return MachineError(
                .badImage,
                "The machine's file \(machine.path) can't be used as \(machine.format.rawValue): \(parts[2])")
        }
        let (code, meaning) = Self.meaning(of: words)
        let said = words.isEmpty ? error.description : words
        return MachineError(code, "\(meaning ?? "QEMU did not start.") (\(said))", cause: error)
    }

    /// What QEMU's own words mean, and the way out; nothing for what is not known.
    static func meaning(of words: String) -> (MachineError.Code, String?) {
        func says(_ marks: [String]) -> Bool { marks.contains { words.contains($0) } }
        if says(["No space left"]) { return (.noSpace, "The host has no disk space for it now.") }
        if says(["Cannot allocate memory", "cannot set up guest memory"]) {
            return (.noSpace, "The host has no memory for it now. It starts by itself when there is some.")
        }
        if says(["Failed to get \"", "Failed to lock", "Is another process using the image"]) {
            return (.system, "Its disk is in use by another process.")
        }
        if says(["is encrypted", "encrypt.key-secret"]) {
            return (.badImage, "Its disk is encrypted, and nobody here has the key.")
        }
        if says(["kvm", "KVM"]), says(["Permission denied", "Could not access KVM"]) {
            return (.unsupported, "QEMU may not use /dev/kvm on this host. 'qwd doctor' there says why.")
        }
        if says(["unable to find CPU model"]) {
            return (
                .unsupported, "QEMU knows no such processor: correct cpu_model; the emulator's -cpu help lists them."
            )
        }
        if says(["requires KVM"]) {
            return (
                .unsupported, "cpu_model=host is for hosts with KVM, and this one has none. Leave it out, or write max."
            )
        }
        if says(["unsupported machine type"]) {
            return (
                .unsupported,
                "QEMU knows no such machine: correct machine_type; the emulator's -machine help lists them."
            )
        }
        if says(["Property '", "property '"]), says(["not found", "Invalid parameter", "doesn't take value"]) {
            return (
                .unsupported, "QEMU's processor or machine has no such property: correct cpu_model or machine_type."
            )
        }
        let unknown = [
            "Invalid parameter", "does not accept value", "expects a", "is not a valid", "not found", "is unexpected",
            "invalid option", "does not support",
        ]
        if says(unknown) {
            return (
                .unsupported,
                "QEMU on this host is too old for this machine, or a part of it is missing: install the emulator anew, or correct the machine's section in machines.conf."
            )
        }
        return (.notStarted, nil)
    }
}

extension SessionPaths {
    /// The last line of a log: what a program says before it ends.
    func lastWords(of log: KeyPath<SessionPaths, String>) -> String {
        let lines = (Files.readEnd(self[keyPath: log]) ?? "").split(separator: "\n")
        // What begins with the program's name; the lines behind it belong to it.
        let first = lines.lastIndex { $0.hasPrefix("qemu-system") } ?? lines.indices.last ?? 0
        return String(lines[first...].joined(separator: " ").suffix(500))
    }
}
