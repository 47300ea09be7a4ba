import Domain
import Logging
import Machines
import Queue
import ServiceLifecycle

extension Worker {
    /// Longest wait for a wake-up. Only a marker that was lost with a killed worker makes it matter.
    private static let longestWait = Duration.seconds(5)

    /// Takes jobs until asked to shut down, then waits for those it has.
    func takeJobs() async {
        await withDiscardingTaskGroup { group in
            while !Task.isShuttingDownGracefully, !Task.isCancelled {
                let claim = await cancelWhenGracefulShutdown { () async -> Claim? in
                    let roomForCreates = await table.creates < options.concurrentJobs
                    return await next(creates: roomForCreates ? problem() == nil : false)
                }
                guard let claim else { continue }
                let aborted = await table.begin(claim)
                group.addTask { await perform(claim, aborted: aborted) }
            }
        }
    }

    /// The next job, or nil after a while without any.
    private func next(creates: Bool) async -> Claim? {
        do throws(QueueError) {
            let claim = try await queue.claim(
                host: options.host, worker: options.host, creates: creates, lease: options.lease,
                limits: options.limits, once: await table.nextClaimKey())
            await table.claimAnswered()
            if let claim { return claim }
            try await queue.waitForWork(host: options.host, creates: creates, timeout: Self.longestWait)
        } catch {
            if Task.isCancelled { return nil }
            logger.warning("queue can't be reached", metadata: ["error": "\(error)"])
            // Nothing tells us when a server that is down comes back.
            try? await Task.sleep(for: .milliseconds(200))
        }
        return nil
    }

    /// Does one job to its end; gives it up when the queue says so.
    private func perform(_ claim: Claim, aborted: AsyncStream<Void>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                switch claim.kind {
                case .create: await create(claim)
                case .stop: await stop(claim)
                case .loadCheck: await checkLoad(claim)
                case .mail: await refuseMail(claim)
                }
                await table.end(claim)
            }
            for await _ in aborted {}
            group.cancelAll()
        }
        if claim.kind == .create {
            // A slot is free again, and the wait for work may not know of it.
            try? await queue.wake(host: options.host)
        }
    }

    /// Why this host can't create sessions at the moment, or nil.
    func problem() async -> String? {
        if let problem = await hypervisor.problem { problem } else { await bridge.problem }
    }

    /// Mails have a queue of their own, so this one was put into a host's by hand.
    private func refuseMail(_ claim: Claim) async {
        do throws(QueueError) {
            _ = try await queue.fail(claim, .permanent, message: "A host sends no mails.", delay: .zero)
        } catch {
            logger.warning("job not reported", metadata: ["job.id": "\(claim.job)", "error": "\(error)"])
        }
    }

    private func checkLoad(_ claim: Claim) async {
        await beatOnce()
        do throws(QueueError) {
            _ = try await queue.finish(claim)
        } catch {
            logger.debug("load check not reported", metadata: ["job.id": "\(claim.job)", "error": "\(error)"])
        }
    }
}
