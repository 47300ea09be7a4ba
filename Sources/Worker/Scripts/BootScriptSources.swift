import Catalogue
package import Domain
import Glibc
import Machines
import Processes

/// Which boot scripts sessions get on this host, and from where people's own may come.
package struct BootScriptSources: Sendable {
    /// An administrator's, in order.
    package var always: [BootScriptRule]
    /// Files, or directories of files, that people may name.
    package var paths: [String]
    /// Addresses below which people may name one.
    package var urls: [String]
    /// Whether a password of the person's stands for `@PW@`.
    package var takesPasswords: Bool
    /// By which addresses are asked; empty: by none.
    package var proxy: String
    /// Where what is being got stands meanwhile.
    package var directory: String
    /// Bytes of one script.
    package var mostBytes: Int

    package init(
        always: [BootScriptRule] = [], paths: [String] = [], urls: [String] = [],
        takesPasswords: Bool = false, proxy: String = "",
        directory: String = "/tmp", mostBytes: Int = 65_535
    ) {
        self.always = always
        self.paths = paths
        self.takesPasswords = takesPasswords
        (self.urls, self.proxy, self.directory) = (urls, proxy, directory)
        self.mostBytes = mostBytes
    }

    /// The scripts of a session, in the order in which they run: those for all, the machine's, the person's own.
    /// - Parameter given: What the person has given.
    func scripts(
        for request: SessionRequest, machine: Machine, given: BootScriptPayload, session: SessionID
    ) async throws(MachineError) -> [BootScript] {
        var scripts: [BootScript] = []
        for rule in rules(for: request, machine: machine) {
            let isMachines = rule == machine.script
            let place = always.firstIndex(of: rule).map { "Boot script \($0 + 1) of scripts.always" }
            switch rule.source {
            case .qemu, .disk: continue
            case .text, .path, .url:
                let script = try await read(
                    rule.source, called: place ?? "The boot script of its section (script=)", isAllowed: true,
                    isForAll: !isMachines && rule.condition?.namesMachines != true)
                scripts.append(script)
            }
        }
        if let own = given.script {
            guard let source = BootScriptSource(written: own) else {
                throw MachineError(.badImage, "What was given is no boot script.")
            }
            scripts.append(try await read(source, called: "The session's own boot script", isAllowed: false))
        }
        scripts = try scripts.fitting(machine)
        var names = [
            ("@USER@", request.owner.text), ("@SESSION_NAME@", session.text), ("@VM@", machine.name),
        ]
        if takesPasswords, scripts.contains(where: { $0.text.contains(Self.password) }) {
            guard let password = given.password else {
                throw MachineError(
                    .badImage, "A boot script of this session needs a password (\(Self.password)). Give it in the form."
                )
            }
            names.append((Self.password, password.revealed))
        }
        var named: [BootScript] = []
        for script in scripts { named.append(try script.naming(names)) }
        return named
    }

    private static let password = "@PW@"

    /// More options of a session's QEMU: the machine's, then those of the rules for it.
    func qemuOptions(for request: SessionRequest, machine: Machine) -> [String] {
        let ruled = rules(for: request, machine: machine).flatMap { rule -> [String] in
            if case .qemu(let options) = rule.source { options.words } else { [] }
        }
        return (machine.qemu?.words ?? []) + ruled
    }

    /// What is done to a session's disk before its machine starts.
    func diskCommands(for request: SessionRequest, machine: Machine) -> [String] {
        rules(for: request, machine: machine).flatMap { rule -> [String] in
            if case .disk(let commands) = rule.source { commands.lines } else { [] }
        }
    }

    /// What the administrator's rules have for a session.
    private func rules(for request: SessionRequest, machine: Machine) -> [BootScriptRule] {
        (always + [machine.script].compactMap(\.self)).filter { rule in
            rule.condition?.holds(user: request.owner, groups: request.groups, machine: machine.name) ?? true
        }
    }

    /// - Parameters:
    ///   - name: What a script without a place of its own is called. Nothing of its text is told, which is its owner's.
    ///   - isAllowed: Whether an administrator has named the file; else it must be among those that people may name.
    private func read(
        _ source: BootScriptSource, called name: String, isAllowed: Bool, isForAll: Bool = false
    ) async throws(MachineError) -> BootScript {
        let (text, place): (String, String?)
        switch source {
        case .text(let written): (text, place) = (written, nil)
        case .path(let path):
            // What is looked at is what is read, wherever links lead.
            let real = Files.real(path) ?? path
            if !isAllowed, !mayName(real) {
                throw MachineError(.badImage, "The boot script \(path) is none of those that may be named here.")
            }
            text = try MachineError.translating { () throws(ProcessError) in try contents(real) }
            place = path
        case .qemu, .disk: throw MachineError(.badImage, "This is a rule for a machine and no boot script.")
        case .url(let url):
            text = try await BootScriptDownload(url, sources: self, isAdministrators: isAllowed).text()
            place = BootScriptDownload.shown(url)
        }
        let what = place.map { "The boot script \($0)" } ?? name
        if text.utf8.count > mostBytes {
            throw MachineError(.badImage, "\(what) has more than \(mostBytes) bytes (scripts.max_length).")
        }
        guard !text.isEmpty, !text.utf8.contains(0), !text.unicodeScalars.contains("\u{FFFD}") else {
            throw MachineError(.badImage, "\(what) is no text in UTF-8.")
        }
        return BootScript(
            text: BootScriptSource.script(text, ofFile: place ?? ""), name: what, isForAll: isForAll)
    }

    /// Whether people may name a file. A link does not lead out of a directory, and dots don't either.
    /// - Parameter path: Without links.
    private func mayName(_ path: String) -> Bool {
        paths.compactMap { Files.real($0) }.contains { path == $0 || path.hasPrefix($0 + "/") }
    }

    /// What a file has, up to a byte more than is allowed.
    func contents(_ path: String) throws(ProcessError) -> String {
        let descriptor = Descriptor(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK))
        var status = stat()
        guard descriptor.number >= 0, fstat(descriptor.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw ProcessError(
                .system, "The boot script \(path) can't be read on this host. Put it there, for all to read.")
        }
        var bytes = [UInt8](repeating: 0, count: mostBytes + 1)
        let count = Glibc.read(descriptor.number, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
