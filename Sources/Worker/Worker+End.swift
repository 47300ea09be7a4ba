import Display
import Domain
import Hypervisor
import Logging
import Machines
import Processes
import Queue

extension Worker {
    /// A stop job: asks the guest to power off, ends it by force after the grace, frees everything.
    func stop(_ claim: Claim) async {
        guard let id = claim.session else { return }
        // Its claim is younger than every one that started the machine.
        let machine = MachineRef(id, fence: claim.fence)
        await hypervisor.powerDown(machine, grace: options.stopGrace)
        CrashPoint.passed("power-down")
        if let error = await free(machine) {
            await report(id) { () async throws(QueueError) in
                try await queue.fail(
                    claim, .transient, message: error.detail, delay: Self.pause(.transient, attempt: claim.attempt))
            }
            return
        }
        CrashPoint.passed("tear-down")
        await report(id) { () async throws(QueueError) in try await queue.finish(claim) }
        logger.notice("session stopped", metadata: ["session.id": "\(id)"])
    }

    /// Frees everything of a session: display, process, files. What does not go now is tried again with each heartbeat.
    @discardableResult
    func free(_ machine: MachineRef) async -> MachineError? {
        // Twice, because a job that is just opening the display may come between.
        await bridge.withdraw(machine)
        do throws(MachineError) {
            try await hypervisor.tearDown(machine)
        } catch {
            logger.error(
                "session could not be cleaned up", metadata: ["session.id": "\(machine.session)", "error": "\(error)"])
            await table.addPendingCleanup(machine)
            return error
        }
        await bridge.withdraw(machine)
        // It goes with the disk, but for a machine without one.
        let files = paths.session(machine.session)
        if let record = SessionRecord.read(files), record.fence <= machine.fence { Files.remove(files.record) }
        await table.cleanedUp(machine.session)
        await exchanges.sessionEnded(machine.session)
        return nil
    }

    /// Tries again to free what did not go, until cancelled.
    func freeLeftovers() async {
        while !Task.isCancelled {
            // When a process that hangs in the kernel will end, nothing tells us.
            try? await Task.sleep(for: options.lease / 3)
            for machine in await table.pendingCleanup.values where !Task.isCancelled { await free(machine) }
        }
    }

    /// Ends the sessions whose machines ended by themselves.
    func followMachines() async {
        await withDiscardingTaskGroup { group in
            for await event in hypervisor.events {
                switch event {
                case .ended(let id, let fence, let reason, let detail):
                    // Nobody's session ends by it, and its disk stays.
                    if await table.stray(id) != nil {
                        logger.warning(
                            "stray machine ended by itself",
                            metadata: ["session.id": "\(id)", "reason": "\(reason.rawValue)", "detail": "\(detail)"])
                        continue
                    }
                    await holding(id, in: &group) { await ended(id, fence: fence, reason, detail) }
                case .answered(let machine):
                    await holding(machine.session, in: &group) { await adopt(machine, job: nil) }
                case .ready(let id, let fence, let isTimed): await ready(id, fence: fence, isTimed: isTimed)
                case .script(let id, let fence, let result):
                    await report(id) { () async throws(QueueError) in
                        // A worker that has just begun reads what its predecessor has told already.
                        guard try await queue.scripted(id, fence: fence, result) else { return }
                        logger.notice(
                            "boot script has run",
                            metadata: ["session.id": "\(id)", "result": "\(result.text)"])
                    }
                case .trouble(let id, let detail):
                    if detail.isEmpty {
                        logger.notice("session goes on", metadata: ["session.id": "\(id)"])
                    } else {
                        logger.warning("session has trouble", metadata: ["session.id": "\(id)", "error": "\(detail)"])
                    }
                    await report(id) { () async throws(QueueError) in try await queue.trouble(id, detail: detail) }
                }
            }
        }
    }

    /// The desktop of a session is there.
    private func ready(_ id: SessionID, fence: Int, isTimed: Bool) async {
        await report(id) { () async throws(QueueError) in
            let answer = try await queue.ready(id, fence: fence)
            // Told, or not to be told any more.
            Files.remove(paths.session(id).readiness)
            guard let (took, machine) = answer else { return }
            logger.notice("desktop is there", metadata: ["session.id": "\(id)", "took": "\(took)"])
            if isTimed { readyTimes.note(took, of: machine) }
        }
    }

    /// Ends the one-shot sessions that their viewers have left.
    func followDisplays() async {
        await withDiscardingTaskGroup { group in
            for await event in bridge.events {
                switch event {
                case .watched(let machine):
                    logger.info("display is watched", metadata: ["session.id": "\(machine.session)"])
                case .left(let machine):
                    logger.info("last viewer left", metadata: ["session.id": "\(machine.session)"])
                case .deserted(let machine):
                    // A stop that was asked for waits for its guest as long as it may.
                    if await table.isStopping(machine.session) { continue }
                    await holding(machine.session, in: &group) {
                        await ended(machine.session, fence: machine.fence, .viewerLeft, "")
                    }
                }
            }
        }
    }

    /// Does something with a session beside all else; the heartbeat leaves it alone from now until then.
    private func holding(
        _ id: SessionID, in group: inout DiscardingTaskGroup, _ work: @escaping @Sendable () async -> Void
    ) async {
        await table.retain(id)
        group.addTask {
            await work()
            await table.release(id)
        }
    }

    /// A machine is over: frees everything of its session and tells the queue why.
    func ended(_ id: SessionID, fence: Int, _ reason: EndReason, _ detail: String) async {
        await free(MachineRef(id, fence: fence))
        await report(id) { () async throws(QueueError) in
            try await queue.end(id, fence: fence, reason: reason, detail: detail)
        }
        logger.notice(
            "session ended", metadata: ["session.id": "\(id)", "reason": "\(reason.rawValue)", "detail": "\(detail)"])
    }

    /// Tells the queue something, as long as it takes.
    func report<Value: Sendable>(_ id: SessionID, _ body: () async throws(QueueError) -> Value) async {
        do throws(QueueError) {
            _ = try await retryWhileUnavailable(logger: logger, body)
        } catch {
            logger.error("queue refuses a report", metadata: ["session.id": "\(id)", "error": "\(error)"])
        }
    }
}
