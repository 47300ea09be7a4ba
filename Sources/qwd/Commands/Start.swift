import ArgumentParser
import Catalogue
import Domain
import Foundation
import Frontend
import Processes
import Queue
import Secrets
import Settings

/// Starts a session from the command line and prints where its display is.
struct Start: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start a machine and print the address of its display.",
        discussion: "The session is one-shot: it ends when its viewer leaves. --keep makes one that stays.")

    @OptionGroup var common: CommonOptions

    @Argument(
        help:
            "Name of the machine, or of an ISO file in the machines directory, or a disk or CD image of this host by its path (./disk.qcow2).",
        completion: Completions.offers)
    var machine: String

    // The second names are those of qemu-web-desktop.
    @Option(name: [.long, .customLong("snapshot_alloc_cpu")], help: "Processors.") var cpu: Int?
    @Option(
        name: [.long, .customLong("snapshot_alloc_mem")], help: ArgumentHelp("Memory in GiB.", valueName: "gib"))
    var memory: Double?
    @Option(
        name: [.long, .customLong("snapshot_alloc_disk")],
        help: ArgumentHelp("Scratch disk of an ISO machine in GiB.", valueName: "gib"))
    var disk: Int?
    @Flag(help: "Give it one of the host's graphics cards.") var gpu = false
    @Flag(help: "Give it none of the configuration's folders (mounts).") var noFolders = false
    @Option(
        help: ArgumentHelp(
            "A key of the machine's section with another value, such as disk_bus=ide. May be given again.",
            valueName: "key=value"))
    var machineOption: [String] = []
    @Option(
        help: ArgumentHelp(
            "A boot script: a file of this computer, or exec: COMMANDS. It runs once in the guest, as root there.",
            valueName: "script"))
    var script: String?
    @Option(
        help: ArgumentHelp(
            "A file whose first line stands for @PW@ in boot scripts (scripts.password_symbol); - is standard input.",
            valueName: "file"))
    var scriptPasswordFile: String?
    @Option(help: ArgumentHelp("Longest life, for example 30m, 12h, 4d.", valueName: "duration")) var lifetime: String?
    @Option(
        help: ArgumentHelp("A label that its host must have (worker.tags). May be given again.", valueName: "label"))
    var tag: [String] = []
    @Option(help: ArgumentHelp("The host that it is to run on.", valueName: "name"), completion: Completions.hosts)
    var host: String?
    @Flag(
        help:
            "Work on the machine's own disk: changes stay, and nobody else gets the machine meanwhile. Ends when the guest powers off or by qwd stop."
    )
    var useMaster = false
    @Option(name: .customLong("snapshot_use_master"), help: ArgumentHelp("1 is --use-master.", visibility: .hidden))
    var snapshotUseMaster: Int?
    @Flag(help: "Keep the session when its viewer leaves.") var keep = false
    @Option(help: ArgumentHelp("How long to wait for room.", valueName: "duration")) var wait = "60s"
    @Flag(help: "Print JSON: the session and the address.") var json = false
    @Flag(help: "Start nothing: say which hosts could take it now, and why others could not.") var dryRun = false

    func run() async throws {
        let settings = try common.settings()
        if dryRun { return try await place(try request(settings), settings, Limits(settings)) }
        // Ctrl-C takes the request back.
        try await cancelOnSignal {
            let (session, url) = try await self.session(settings)
            if self.json {
                try Console.printJSON(Opened(session: SessionReport(session), url: url))
            } else {
                Console.print(url)
            }
        }
    }

    /// Starts the session and waits until its display can be opened.
    /// - Returns: The session and the address of its display.
    func session(_ settings: Settings) async throws -> (session: Session, url: String) {
        let request = try request(settings)
        let patience = try Duration(wait, option: "--wait")
        let secret: ServiceSecret
        do { secret = try Roles.existingSecret(settings) } catch {
            throw Failure(.failed, "\(error)")
        }
        return try await open(request, settings, Limits(settings), secret, patience)
    }

    private func place(_ request: SessionRequest, _ settings: Settings, _ limits: Limits) async throws {
        let placement = try await Connection.withQueue(settings) { queue in
            let request = try await bound(request, queue, settings)
            return try await queue.place(request, limits: limits, lease: settings.scheduler.lease)
        }
        PlacementReport.table(placement).print()
        if let blocker = placement.blocker { throw Failure(.failed, PlacementReport.text(of: blocker)) }
    }

    private struct Opened: Encodable {
        var session: SessionReport
        var url: String
    }

    private func open(
        _ request: SessionRequest, _ settings: Settings, _ limits: Limits, _ secret: ServiceSecret, _ patience: Duration
    ) async throws -> (session: Session, url: String) {
        try await Connection.withQueue(settings) { queue in
            try await SharedSecret(queue: queue, settings: settings).compare()
            if request.image == nil { try await checkIsOffered(queue, settings) }
            var request = try await bound(request, queue, settings)
            let now = Int64(Date().timeIntervalSince1970 * 1000)
            let id = SessionID(milliseconds: now)
            request = secret.sealed(request, for: id)
            if request.usesMaster {
                Console.say(
                    "qwd: what is changed on the disk of \(machine) stays. Shut the guest down when it is done.")
            }
            // Listen first, so that nothing between the call and the first look is missed.
            let changes = queue.changes()
            let made = try await enqueue(request, payload(settings, secret, id), queue, limits, id, now)
            let session = try await follow(made.session, queue, changes, patience: patience) {
                // What stands in its way is asked for before it is taken back.
                try? await queue.place(request, limits: limits, lease: settings.scheduler.lease).blocker
            }
            let url = DisplayLink.page(
                frontend: settings.pagesURL, session: session.id,
                token: secret.token(session: session.id, fence: session.fence))
            return (session, url)
        }
    }

    /// The boot script and its password, sealed for the session; empty for none.
    private func payload(_ settings: Settings, _ secret: ServiceSecret, _ id: SessionID) throws -> String {
        let payload = BootScriptPayload(script: try bootScript(settings), password: try scriptPassword())
        return payload.isEmpty ? "" : secret.seal(payload.text, for: .script, beside: id.text)
    }

    private func scriptPassword() throws -> Secret? {
        guard let file = scriptPasswordFile else { return nil }
        guard
            let line = file == "-"
                ? readLine()
                : try? String(contentsOfFile: file, encoding: .utf8)
                    .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).first.map(String.init),
            !line.isEmpty,
            !line.utf8.contains(0)
        else { throw Failure(.failed, "--script-password-file: there is no line of text in \(file).") }
        return Secret(line)
    }

    private func bootScript(_ settings: Settings) throws -> String? {
        guard let script else { return nil }
        var (text, written) = (script, script.utf8.count)
        if !["exec:", "bash:", "cmd:", "#!", "http://", "https://"].contains(where: { script.hasPrefix($0) }) {
            guard Files.exists(script) else {
                throw Failure(
                    .failed,
                    "--script: there is no file \(script), and it does not begin with exec:, bash:, cmd: or #!.")
            }
            guard let file = try? String(contentsOfFile: script, encoding: .utf8) else {
                throw Failure(
                    .failed,
                    "--script: \(script) is no file of text in UTF-8, and does not begin with exec:, bash:, cmd: or #!."
                )
            }
            text = BootScriptSource.script(file, ofFile: script)
            written = file.utf8.count
        }
        guard text.utf8.count <= settings.scripts.maxLength else {
            throw Failure(
                .failed,
                "--script has \(written) bytes, and may have \(max(0, settings.scripts.maxLength - (text.utf8.count - written))) (scripts.max_length)."
            )
        }
        guard BootScriptSource(written: text) != nil, !text.utf8.contains(0) else {
            throw Failure(.usage, "--script: there is nothing in it.")
        }
        return text
    }

    /// Asks for it; a memory that no host has was perhaps meant in MiB.
    private func enqueue(
        _ request: SessionRequest, _ payload: String, _ queue: JobQueue, _ limits: Limits, _ id: SessionID,
        _ now: Int64
    ) async throws -> Enqueued {
        do throws(QueueError) {
            return try await queue.enqueue(
                request, from: "command line", payload: payload, limits: limits, id: id, job: JobID(milliseconds: now))
        } catch {
            guard case .tooBig(.memory, let largest) = error.code, let memory,
                let meant = ProbablyMiB.gibibytes(of: memory)
            else { throw error }
            throw Failure(
                .failed,
                "--memory is in GiB, and the largest host has \(largest >> 10). If MiB were meant: --memory \(meant)")
        }
    }

    /// Refuses a machine that no host has, instead of waiting for one that will never come.
    private func checkIsOffered(_ queue: JobQueue, _ settings: Settings) async throws {
        let lease = settings.scheduler.lease
        if try await queue.isOffered(machine, lease: lease) { return }
        // What is known of a file on this host is worth more than a list of names.
        let files = Catalogue.load(files: settings.machines.catalogue, directory: settings.machines.directory)
        if files.machine(named: machine) != nil {
            // It was just added: the worker tells of it with its next heartbeat, which is no event for us.
            let end = ContinuousClock.now + lease / 3 + .seconds(5)
            while ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(200))
                if try await queue.isOffered(machine, lease: lease) { return }
            }
        }
        if let problem = files.problem(of: machine) {
            throw Failure(.failed, "No host offers the machine \(machine). \(problem)")
        }
        let known = try await queue.machines(lease: lease).map(\.name).joined(separator: ", ")
        throw Failure(
            .failed,
            "No host offers the machine \(machine). There is: \(known.isEmpty ? "none yet" : known). "
                + "A file that was just put into the machines directory is offered within \(max(1, (lease / 3).wholeSeconds)) s."
        )
    }

    /// The request with what the machine and its host say.
    private func bound(
        _ request: SessionRequest, _ queue: JobQueue, _ settings: Settings
    ) async throws -> SessionRequest {
        let lease = settings.scheduler.lease
        var request = try await raised(request, to: queue.machines(lease: lease))
        request.host = try await StartHost(queue: queue, lease: lease, name: host).id(of: request, settings)
        return request
    }

    /// A request that has what the machine needs at least, as the form makes it.
    private func raised(_ request: SessionRequest, to machines: [MachineDescription]) -> SessionRequest {
        var request = request
        let machine = machines.first { $0.name == request.machine }
        request.resources[.cpu] = max(request.cpu, machine?.cpu ?? 0)
        request.resources[.memory] = max(request.memoryMiB, machine?.memoryMiB ?? 0)
        if let cards = machine?.gpu { request.resources[.gpu] = cards }
        if disk == nil, !machineOption.contains(where: { $0.hasPrefix("disk=") }), let size = machine?.diskGiB {
            request.resources[.disk] = size
        }
        request.title = machine?.title
        return request
    }

    private func request(_ settings: Settings) throws -> SessionRequest {
        // Not even a number of MiB can be made of every number that can be typed.
        let largest = 1 << 20
        if let memory, !(memory > 0 && memory <= Double(largest)) {
            throw Failure(.usage, "--memory: \(memory) is no size in GiB, above zero and at most \(largest).")
        }
        let memoryMiB = memory.map { Int(($0 * 1024).rounded(.up)) } ?? settings.defaults.memoryMiB
        let cpu = cpu ?? settings.defaults.cpu
        let disk = disk ?? settings.defaults.diskGiB
        if let problem = Machine.problem(ofOptions: machineOption) {
            throw Failure(.usage, "--machine-option: \(problem)")
        }
        guard cpu > 0, disk > 0 else { throw Failure(.usage, "--cpu and --disk must be above zero.") }
        var request = SessionRequest(
            owner: .ofCommandLine, machine: machine,
            resources: Resources(cpu: cpu, memoryMiB: memoryMiB, diskGiB: disk, gpu: gpu ? 1 : 0), tags: tag,
            lifetimeSeconds: try lifetime.map { try Duration($0, option: "--lifetime").wholeSeconds }
                ?? settings.defaults.lifetime.wholeSeconds,
            oneShot: !keep)
        request.machineOptions = machineOption
        request.wantsFolders = !noFolders
        request.hasScript = script != nil || scriptPasswordFile != nil
        request.isForAnyMachine = true
        // Somebody who works on what stays must not lose it with a tab.
        request.usesMaster = useMaster || (snapshotUseMaster ?? 0) != 0
        if request.usesMaster { request.oneShot = false }
        if machine.contains("/") { try take(fileAt: machine, &request) }
        // The host must have the room for it.
        if let size = machineOption.last(where: { $0.hasPrefix("disk=") }).flatMap({ Double($0.dropFirst(5)) }),
            size > 0, size <= 1_048_576
        {
            request.resources[.disk] = Int(size.rounded(.up))
        }
        return request
    }

    private func take(fileAt path: String, _ request: inout SessionRequest) throws {
        if request.usesMaster {
            throw Failure(
                .usage, "--use-master is for machines of the catalogue: qwd machine enable \(path) makes one.")
        }
        let path = URL(filePath: path).standardizedFileURL.path
        guard !path.utf8.contains(where: { $0 < 0x20 }) else {
            throw Failure(.usage, "A path with control characters is not started.")
        }
        // What this host's worker sees is looked at by it; this is for a slip of the pen.
        guard FileManager.default.fileExists(atPath: path) else { throw Failure(.failed, "There is no file \(path).") }
        let name = (path as NSString).lastPathComponent
        request.machine = Machine.isValid(name: name) ? name : "image"
        request.image = path
    }

    /// Follows the session until its display can be opened; gives it up when `patience` is over.
    private func follow(
        _ id: SessionID, _ queue: JobQueue, _ changes: JobQueue.Changes, patience: Duration,
        blocker: () async -> Placement.Blocker?
    ) async throws -> Session {
        let found: Session? = try await within(patience) {
            var said = ""
            if let session = try await look(id, queue, &said) { return session }
            for await change in changes {
                switch change {
                case .session(id, _, _), .reconnected: break
                case .session, .logins: continue
                }
                if let session = try await look(id, queue, &said) { return session }
            }
            return nil
        }
        if let found { return found }
        let last = try await queue.session(id)
        let why = last?.state == .queued ? await blocker() : nil
        _ = try await queue.stop(id)
        if Task.isCancelled { throw Failure(.interrupted, "Interrupted; the request was taken back.") }
        if last?.state == .queued {
            let reason = why.map { " \(PlacementReport.text(of: $0))" } ?? ""
            throw Failure(
                .noRoom, "There was no room within \(wait); the request was taken back. Try again later.\(reason)")
        }
        let texts = try texts
        let step = last?.step.map { " (\(texts.title(of: $0).lowercased()))" } ?? ""
        throw Failure(
            .failed,
            "The machine did not start within \(wait)\(step); the request was taken back. --wait gives it more time.")
    }

    private var texts: Texts {
        get throws { try Texts.english() }
    }

    private func look(_ id: SessionID, _ queue: JobQueue, _ said: inout String) async throws -> Session? {
        guard let session = try await queue.session(id) else { return nil }
        let texts = try texts
        if session.state == .running, session.displayReady { return session }
        if session.state == .ended {
            throw Failure(
                .failed,
                [session.reason.map(texts.sentence), session.detail.map(texts.detail)].compactMap(\.self).joined(
                    separator: " "))
        }
        if session.state == .queued, session.request.image == nil, try await !queue.isOffered(machine) {
            _ = try await queue.stop(id)
            throw Failure(
                .failed,
                "No host offers the machine \(machine) any more; the request was taken back. 'qwd machine list' "
                    + "says why a file is left out.")
        }
        let words =
            session.state == .queued
            ? "waiting for room\(session.detail.map { ": \(texts.detail($0))" } ?? "")"
            : session.step.map { texts.title(of: $0).lowercased() } ?? session.state.rawValue
        if words != said { Console.say("qwd: \(words)") }
        said = words
        return nil
    }
}
