import Catalogue
import Display
import Domain
import Hypervisor
import Logging
import Machines
import Queue
import Secrets

extension Worker {
    /// Why a create job came to an end before its last step.
    enum CreateAbort: Error {
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

    func ask<Value: Sendable>(
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
