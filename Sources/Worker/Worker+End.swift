import Domain
import Logging
import Machines
import Queue

extension Worker {
    /// A stop job: asks the guest to power off, ends it by force after the grace, frees everything.
    func stop(_ claim: Claim) async {
        guard let id = claim.session else { return }
        await hypervisor.powerDown(id, grace: options.stopGrace)
        CrashPoint.passed("power-down")
        await bridge.close(id)
        do throws(MachineError) {
            try await hypervisor.tearDown(id, fence: Int.max)
        } catch {
            logger.error("session does not end", metadata: ["session.id": "\(id)", "error": "\(error)"])
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

    /// Ends the sessions whose machines ended by themselves.
    func followMachines() async {
        await withDiscardingTaskGroup { group in
            for await event in hypervisor.events {
                switch event {
                case .ended(let id, let fence, let reason, let detail):
                    await table.hold(id)
                    group.addTask {
                        await ended(id, fence: fence, reason, detail)
                        await table.letGo(id)
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

    /// A machine is over: frees everything of its session and tells the queue why.
    func ended(_ id: SessionID, fence: Int, _ reason: EndReason, _ detail: String) async {
        await bridge.close(id)
        do throws(MachineError) {
            try await hypervisor.tearDown(id, fence: fence)
        } catch {
            logger.error("session could not be cleaned up", metadata: ["session.id": "\(id)", "error": "\(error)"])
        }
        await report(id) { () async throws(QueueError) in
            try await queue.end(id, fence: fence, reason: reason, detail: detail)
        }
        logger.notice(
            "session ended", metadata: ["session.id": "\(id)", "reason": "\(reason.rawValue)", "detail": "\(detail)"])
    }

    /// Tells the queue something, as long as it takes.
    func report<Value: Sendable>(_ id: SessionID, _ body: () async throws(QueueError) -> Value) async {
        do throws(QueueError) {
            _ = try await patiently(logger: logger, body)
        } catch {
            logger.error("queue refuses a report", metadata: ["session.id": "\(id)", "error": "\(error)"])
        }
    }
}
