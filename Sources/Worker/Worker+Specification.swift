import Catalogue
import Domain
import Hypervisor
import ImageStore
import Logging
import Machines
import Queue
import Secrets

extension Worker {
    /// What a session's machine is to be, and what became of the folders that it is to get.
    func specify(
        _ request: SessionRequest, _ id: SessionID, _ claim: Claim
    ) async throws(CreateAbort) -> (MachineSpecification, [SessionFolder]) {
        guard secret.hasGiven(request, to: id) else {
            throw .machine(
                MachineError(
                    .badImage,
                    "Nobody who knows the service's secret has asked for this. Ask for it again; if that does not help, this host's secret, or its version, is another one than the frontend's."
                ))
        }
        let machine = try await machine(of: request, for: id)
        let wanted: Machine
        do throws(Machine.OptionProblem) { wanted = try machine.with(options: request.machineOptions) } catch {
            throw .machine(MachineError(.badImage, error.text))
        }
        // The host was asked for so much room and not for more.
        if let size = wanted.diskGiB, size > request.diskGiB,
            request.machineOptions.contains(where: { $0.hasPrefix("disk=") })
        {
            throw .machine(
                MachineError(.badImage, "disk=\(size) is more than the \(request.diskGiB) GiB that were asked for."))
        }
        var specification = MachineSpecification(
            session: id, fence: claim.fence, machine: wanted, cpu: request.cpu,
            memoryMiB: request.memoryMiB, diskGiB: request.diskGiB)
        specification.usesMaster = request.usesMaster
        specification.graphicsCards = request.resources.gpu
        let folders = await options.folders.folders(for: request, machine: wanted)
        specification.folders = folders.shared
        var outcomes = folders.outcomes
        if request.wantsFolders, let bytes = options.exchange.bytes {
            let problem = SharedFolder.hostProblem
            if problem == nil { specification.exchangeBytes = bytes }
            outcomes.append(SessionFolder(tag: ExchangeFolder.tag, isReadOnly: false, problem: problem))
        }
        for folder in outcomes {
            guard let problem = folder.problem else { continue }
            logger.warning(
                "session without a folder",
                metadata: ["session.id": "\(id)", "folder": "\(folder.tag)", "problem": "\(problem)"])
        }
        let tags = outcomes.filter { $0.problem == nil }.map(\.tag)
        try await addScripts(to: &specification, request, folders: tags)
        specification.qemuOptions = options.scripts.qemuOptions(for: request, machine: wanted)
        specification.diskCommands = options.scripts.diskCommands(for: request, machine: wanted)
        return (specification, outcomes)
    }

    /// What is to run in the guest when its system is up.
    private func addScripts(
        to specification: inout MachineSpecification, _ request: SessionRequest, folders: [String]
    ) async throws(CreateAbort) {
        let (machine, id) = (specification.machine, specification.session)
        var given = BootScriptPayload()
        if request.hasScript {
            let sealed = try await ask { () async throws(QueueError) in try await queue.payload(of: id) }
            // Whoever can write to the queue gives no machine a script.
            guard let text = sealed.flatMap({ secret.unseal($0, for: .script, beside: id.text) }) else {
                throw .machine(MachineError(.badImage, "Its boot script can't be read any more. Ask for it again."))
            }
            given = BootScriptPayload(text)
        }
        let scripts: [BootScript]
        do throws(MachineError) {
            scripts = try await options.scripts.scripts(for: request, machine: machine, given: given, session: id)
            if machine.inject == .none, !scripts.isEmpty {
                throw MachineError(
                    .badImage,
                    "\(machine.title) takes no boot scripts (inject=none in machines.conf), and there is one for it.")
            }
        } catch {
            if Task.isCancelled { throw .cancelled }
            throw .machine(error)
        }
        if machine.system == .windows || scripts.contains(where: \.isBatch) {
            // It mounts folders by itself, or not.
            specification.batchScripts = BatchScript.files(scripts, session: id)
        } else if !scripts.isEmpty || !folders.isEmpty && machine.inject != .none {
            specification.bootScript = BootScriptBundle.text(scripts, folders: folders, session: id)
            specification.mountsOnly = scripts.isEmpty
        }
    }

    private func machine(of request: SessionRequest, for id: SessionID) async throws(CreateAbort) -> Machine {
        if let path = request.image { return try await machine(ofFile: path) }
        var catalogue = await catalogue()
        if let wanted = catalogue.fetchable.first(where: { $0.name == request.machine }) {
            try await fetch(wanted, for: id)
            catalogue = await self.catalogue()
        }
        guard let machine = catalogue.machine(named: request.machine) else {
            let why = catalogue.publicProblem(of: request.machine).map {
                "\(options.host) does not offer it any more: \($0)"
            }
            throw .machine(
                MachineError(
                    .badImage,
                    why
                        ?? "\(options.host) has no machine \(request.machine) any more. Choose another one, or ask the administrator."
                ))
        }
        // Who may have it may have changed while it was waited for.
        guard request.isForAnyMachine || machine.published.isFor(request.owner, groups: request.groups) else {
            throw .machine(
                MachineError(
                    .badImage, "\(request.machineTitle) is no longer for \(request.owner.text). Choose another machine."
                ))
        }
        return machine
    }

    /// The machine of a file that is in no catalogue, as an administrator of this host may ask for it.
    private func machine(ofFile path: String) async throws(CreateAbort) -> Machine {
        // Its disk may hang, and then a start fails as any other that takes too long.
        let found = await FileThreads(width: 1).result(within: .seconds(10)) {
            Result { () throws(ImageError) in try Machine(file: path) }
        }
        switch found {
        case .success(let machine)?: return machine
        case .failure(let problem)?:
            throw .machine(MachineError(.badImage, "\(path) can't be started: \(problem.text)"))
        case nil: throw .machine(MachineError(.system, "The disk of \(path) does not answer."))
        }
    }

    /// Waits for an image from the store, and tells who waits for the session how far it is.
    private func fetch(_ machine: FetchableMachine, for id: SessionID) async throws(CreateAbort) {
        guard let fetcher else { return }
        do throws(ImageStoreError) {
            try await fetcher.fetch(machine) { words in
                await report(id) { () async throws(QueueError) in try await queue.trouble(id, detail: words) }
            }
        } catch {
            if error.code == .cancelled || Task.isCancelled { throw .cancelled }
            let code: MachineError.Code =
                switch error.code {
                case .network, .system: .system
                case .noSpace: .noSpace
                default: .badImage
                }
            throw .machine(MachineError(code, "The machine's image can't be had from the store: \(error.detail)"))
        }
        await report(id) { () async throws(QueueError) in try await queue.trouble(id, detail: "") }
    }
}
