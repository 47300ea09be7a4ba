import Catalogue
import Display
import Domain
import Hypervisor
import ImageStore
import Logging
import Machines
import Queue
import Secrets

extension Worker {
    /// Why a create job came to an end before its last step.
    private enum CreateAbort: Error {
        case lost(Ownership)
        case machine(MachineError)
        case queue(QueueError)
        case cancelled

        /// Whether nobody has said that the session is over or another one's.
        var mayPass: Bool {
            switch self {
            case .machine, .queue: true
            case .lost, .cancelled: false
            }
        }
    }

    /// How far a create job has come that no other claim can take back.
    private struct Progress {
        var committed = false
        var switchedOn = false
    }

    /// Brings a session from `starting` to `running`, step by step. Whatever goes wrong, everything that was made is undone
    /// in one place, and the queue is told.
    func create(_ job: ClaimedJob) async {
        let claim = job.claim
        guard let id = claim.session, let request = job.request else { return }
        if await table.stray(id) != nil { return await giveUp(claim, id) }
        var logger = logger
        logger[metadataKey: "session.id"] = "\(id)"
        logger[metadataKey: "job.id"] = "\(claim.job)"
        logger[metadataKey: "job.attempt"] = "\(claim.attempt)"
        var progress = Progress()
        do throws(CreateAbort) {
            try await takeSteps(claim, id, request, &progress)
            logger.notice("session runs")
        } catch {
            if case .cancelled = error, await !table.isAborted(claim) {
                logger.notice("this worker ends: what there is of the session waits for the next one")
                return
            }
            if progress.switchedOn, await !lives(id) {
                // Whoever noticed or asked for its end tells it.
                await bridge.withdraw(MachineRef(id, fence: claim.fence))
                return
            }
            // It runs, or will: what can't be reached or told now is no reason to end it.
            if progress.committed, error.mayPass, await lives(id) {
                logger.warning("session is not reached yet", metadata: ["error": "\(error)"])
                await resumeLater(MachineRef(id, fence: claim.fence), because: "\(error)")
                return
            }
            // Clean-up must survive the cancellation that may have brought us here, so it has a task of its own.
            let wasCommitted = progress.committed
            let log = logger
            await Task { await undo(claim, id, after: error, committed: wasCommitted, logger: log) }.value
        }
    }

    /// A machine of this session is here of which the queue knew nothing, so it would be removed by a new start.
    private func giveUp(_ claim: Claim, _ id: SessionID) async {
        let why =
            "A machine of this session is on \(options.host) already: the administrator sees it by 'qwd host strays'."
        await report(id) { () async throws(QueueError) in
            try await queue.fail(claim, .permanent, message: why, delay: .zero)
        }
    }

    private func takeSteps(
        _ claim: Claim, _ id: SessionID, _ request: SessionRequest, _ progress: inout Progress
    ) async throws(CreateAbort) {
        CrashPoint.passed(.claim)
        let (specification, folders) = try await specify(request, id, claim)
        // People who wait are told of each step, and the machine does not wait for that. Only the commit is waited for.
        let steps = AsyncStream.makeStream(of: SessionStep.self)
        async let telling: Void = tell(steps.stream, claim)

        steps.continuation.yield(.snapshot)
        try await act { () async throws(MachineError) in try await hypervisor.makeSnapshot(specification) }
        if specification.customizesDisk { try await customizeDisk(specification) }
        CrashPoint.passed(.snapshot)

        steps.continuation.yield(.launch)
        try await act { () async throws(MachineError) in try await hypervisor.launch(specification) }
        CrashPoint.passed(.launch)

        steps.continuation.yield(.network)
        try await act { () async throws(MachineError) in try await hypervisor.connectNetwork(specification.ref) }
        CrashPoint.passed(.network)

        // Before anybody can work on it.
        let record = SessionRecord(fence: claim.fence, request: request, folders: folders)
        try await act { () async throws(MachineError) in try record.write(paths.session(id)) }

        // In their order: the last step is told before.
        steps.continuation.finish()
        await telling
        // From here on the session runs, and nobody else may ever start it.
        try await own(
            try await ask { () async throws(QueueError) in
                try await queue.commit(
                    claim, accelerator: hypervisor.accelerator(of: specification.machine),
                    desktop: desktop(of: specification.machine), folders: folders)
            })
        progress.committed = true
        // It is in the machine now. What is left of it in the queue goes with the session.
        if request.hasScript { try? await queue.dropPayload(of: id) }
        CrashPoint.passed(.commit)
        try await act { () async throws(MachineError) in try await hypervisor.switchOn(specification.ref) }
        progress.switchedOn = true
        CrashPoint.passed("switch-on")
        try await publishDisplay(claim, id, oneShot: request.oneShot)
    }

    /// Changes the disk, and tells who waits how long that has taken.
    private func customizeDisk(_ specification: MachineSpecification) async throws(CreateAbort) {
        let id = specification.session
        let (hypervisor, start) = (hypervisor, ContinuousClock.now)
        let telling = Task {
            while !Task.isCancelled {
                let seconds = start.duration(to: .now).components.seconds
                let words = "Its disk is being prepared, which takes some tens of seconds (\(seconds) s until now)."
                await report(id) { () async throws(QueueError) in try await queue.trouble(id, detail: words) }
                try? await Task.sleep(for: .seconds(5))
            }
        }
        let result: Result<Void, CreateAbort>
        do throws(CreateAbort) {
            try await act { () async throws(MachineError) in try await hypervisor.customizeDisk(specification) }
            result = .success(())
        } catch { result = .failure(error) }
        telling.cancel()
        await telling.value
        await report(id) { () async throws(QueueError) in try await queue.trouble(id, detail: "") }
        try result.get()
    }

    private func desktop(of machine: Machine) -> Session.Desktop {
        machine.ready == nil ? .there : .comes(usually: readyTimes[machine.name])
    }

    /// The last step: the display can be reached, and the queue knows where.
    private func publishDisplay(_ claim: Claim, _ id: SessionID, oneShot: Bool) async throws(CreateAbort) {
        async let told = tellDisplay(claim)
        await exchanges.openNew(id)
        let token = secret.token(session: id, fence: claim.fence)
        try await act { () async throws(MachineError) in
            try await bridge.publish(MachineRef(id, fence: claim.fence), token: token, oneShot: oneShot)
        }
        try await own(await told.get())
        CrashPoint.passed(.display)
        let answer = try await ask { () async throws(QueueError) in
            try await queue.finish(claim, displayURL: bridge.baseURL)
        }
        CrashPoint.passed(.running)
        // Stopped or over since: then the display may have been closed before it was opened.
        let isOver = answer == .ok ? await !lives(id) : true
        if isOver { await bridge.withdraw(MachineRef(id, fence: claim.fence)) }
    }

    private func lives(_ id: SessionID) async -> Bool { await hypervisor.living().contains(id) }

    private func specify(
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
        let script = try await bootScript(of: request, machine: wanted, folders: tags, for: id)
        (specification.bootScript, specification.mountsOnly) = (script?.text, script?.mountsOnly ?? false)
        specification.qemuOptions = options.scripts.qemuOptions(for: request, machine: wanted)
        specification.diskCommands = options.scripts.diskCommands(for: request, machine: wanted)
        return (specification, outcomes)
    }

    /// What is to run in the guest when its system is up; nil for nothing.
    private func bootScript(
        of request: SessionRequest, machine: Machine, folders: [String], for id: SessionID
    ) async throws(CreateAbort) -> (text: String, mountsOnly: Bool)? {
        var given = BootScriptPayload()
        if request.hasScript {
            let sealed = try await ask { () async throws(QueueError) in try await queue.payload(of: id) }
            // Whoever can write to the queue gives no machine a script.
            guard let text = sealed.flatMap({ secret.unseal($0, for: .script, beside: id.text) }) else {
                throw .machine(MachineError(.badImage, "Its boot script can't be read any more. Ask for it again."))
            }
            given = BootScriptPayload(text)
        }
        let (sources, payload) = (options.scripts, given)
        do throws(MachineError) {
            let scripts = try await sources.scripts(for: request, machine: machine, given: payload, session: id)
            if scripts.isEmpty, folders.isEmpty { return nil }
            if machine.inject == .none {
                // Its guest mounts them by itself, or not.
                if scripts.isEmpty { return nil }
                throw MachineError(
                    .badImage,
                    "\(machine.title) takes no boot scripts (inject=none in machines.conf), and there is one for it.")
            }
            return (BootScriptBundle.text(scripts, folders: folders, session: id), scripts.isEmpty)
        } catch {
            if Task.isCancelled { throw .cancelled }
            throw .machine(error)
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

    /// The one teardown.
    private func undo(
        _ claim: Claim, _ id: SessionID, after interruption: CreateAbort, committed: Bool, logger: Logger
    ) async {
        await free(MachineRef(id, fence: claim.fence))
        let failure: FailureClass
        let message: String
        switch interruption {
        case .lost(.stale):
            logger.warning("another worker owns the session")
            return
        case .lost, .cancelled:
            (failure, message) = (.transient, "It was cancelled.")
        case .machine(let error):
            (failure, message) = (error.failureClass, error.detail)
        case .queue(let error):
            (failure, message) = (.transient, error.detail)
        }
        logger.warning("session did not start", metadata: ["error": "\(message)"])
        let delay = Self.pause(failure, attempt: claim.attempt)
        do throws(QueueError) {
            _ = try await retryWhileUnavailable(logger: logger) { () async throws(QueueError) in
                if committed {
                    try await queue.end(id, fence: claim.fence, reason: .failed, detail: message)
                } else {
                    try await queue.fail(claim, failure, message: message, delay: delay)
                }
            }
        } catch {
            logger.error("failure not reported", metadata: ["error": "\(error)"])
        }
    }

    /// The pause before the next try: exponential with full jitter, so that hosts do not come back in step.
    static func pause(_ failure: FailureClass, attempt: Int) -> Duration {
        switch failure {
        case .noRoom: .milliseconds(Int.random(in: 2000...5000))
        case .transient: .milliseconds(Int.random(in: 0...min(30_000, 500 << min(attempt, 6))))
        case .permanent: .zero
        }
    }
}

extension Worker {
    private func tellDisplay(_ claim: Claim) async -> Result<Ownership, CreateAbort> {
        do throws(CreateAbort) {
            return .success(try await ask { () async throws(QueueError) in try await queue.step(claim, .display) })
        } catch {
            return .failure(error)
        }
    }

    /// Tells the queue which steps begin. When it answers that the job is not wanted, or not ours, any more, the job is given
    /// up.
    private func tell(_ steps: AsyncStream<SessionStep>, _ claim: Claim) async {
        for await step in steps {
            do throws(QueueError) {
                let answer = try await retryWhileUnavailable(logger: logger) { () async throws(QueueError) in
                    try await queue.step(claim, step)
                }
                guard let answer, answer != .ok else { continue }
                return await table.abort(claim)
            } catch {
                logger.warning("step not told", metadata: ["job.id": "\(claim.job)", "error": "\(error)"])
            }
        }
    }

    private func own(_ answer: Ownership) async throws(CreateAbort) {
        guard answer == .ok else { throw .lost(answer) }
    }

    private func ask<Value: Sendable>(
        _ body: () async throws(QueueError) -> Value
    ) async throws(CreateAbort) -> Value {
        let answer: Value?
        do throws(QueueError) {
            answer = try await retryWhileUnavailable(logger: logger, body)
        } catch {
            throw error.isClosed ? .cancelled : .queue(error)
        }
        guard let answer else { throw .cancelled }
        return answer
    }

    @discardableResult
    private func act<Value: Sendable>(
        _ body: () async throws(MachineError) -> Value
    ) async throws(CreateAbort) -> Value {
        do throws(MachineError) {
            return try await body()
        } catch {
            throw Task.isCancelled ? .cancelled : .machine(error)
        }
    }
}
