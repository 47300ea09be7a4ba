import Display
import Domain
import Hypervisor
import Logging
import Machines
import Queue
import ServiceLifecycle

extension Worker {
    /// Longest wait for a wake-up. Only a marker that was lost with a killed worker makes it matter; each heartbeat leaves one
    /// while somebody waits.
    private static let longestWait = Duration.seconds(15)

    /// Takes jobs until asked to shut down, then waits for those it has.
    func takeJobs() async {
        await withDiscardingTaskGroup { group in
            while !Task.isShuttingDownGracefully, !Task.isCancelled {
                let job = await cancelWhenGracefulShutdown { () async -> ClaimedJob? in
                    let hasSlot = await table.creates < options.concurrentJobs
                    // Short jobs first: a stop never waits behind a start.
                    let isOpen = hasSlot ? await problem() == nil : false
                    return await next([.host(options.hostID)] + (isOpen ? [.create] : []))
                }
                guard let job else { continue }
                // Another worker acts for this host by now: what was taken goes back when its lease is over.
                if await table.isTaken { continue }
                let aborted = await table.begin(job.claim)
                group.addTask { await perform(job, aborted: aborted) }
            }
        }
    }

    /// The next job, or nil after a while without any.
    private func next(_ routes: [Route]) async -> ClaimedJob? {
        do throws(QueueError) {
            // Its jobs are those of another worker. The heartbeat asks whether that one is gone.
            if await table.isTaken {
                try? await Task.sleep(for: options.lease / 6)
                return nil
            }
            let job = try await queue.claim(
                host: options.hostID, worker: options.hostID, routes: routes, lease: options.lease,
                limits: options.limits, once: await table.nextClaimKey())
            await table.claimAnswered()
            if await table.isNews(nil) { logger.notice("jobs can be taken again") }
            if let job { return job }
            try await queue.waitForWork(host: options.hostID, routes: routes, timeout: Self.longestWait)
        } catch {
            if Task.isCancelled { return nil }
            if await table.isNews("\(error)") {
                logger.warning("no job can be taken", metadata: ["error": "\(error)"])
            }
            // There is no event for a server that comes back: try again after a pause.
            try? await Task.sleep(for: .milliseconds(200))
        }
        return nil
    }

    /// Does one job to its end; gives it up when the queue says so.
    private func perform(_ job: ClaimedJob, aborted: AsyncStream<Void>) async {
        let claim = job.claim
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await (Self.handlers[claim.kind] ?? Self.refuse)(self)(job)
                await table.end(claim)
            }
            for await _ in aborted {}
            group.cancelAll()
        }
        if claim.kind == .create {
            // A slot is free again, and the wait for work may not know of it.
            try? await queue.wake(host: options.hostID)
        }
    }

    /// Why this host can't create sessions at the moment, or nil.
    func problem() async -> String? {
        if let problem = await hypervisor.problem { problem } else { await bridge.problem }
    }

    private typealias Handler = @Sendable (Worker) -> (ClaimedJob) async -> Void

    /// What is done with each kind of job.
    private static let handlers: [JobKind: Handler] = [
        .create: { worker in { await worker.create($0) } },
        .stop: { worker in { await worker.stop($0.claim) } },
        .loadCheck: { worker in { await worker.checkLoad($0.claim) } },
        .takeStray: { worker in { await worker.takeStray($0.claim) } },
        .endStray: { worker in { await worker.endStray($0.claim) } },
    ]

    /// A kind that a host does not do, so this job was put into its queue by hand.
    private static let refuse: Handler = { worker in
        { job in
            let claim = job.claim
            do throws(QueueError) {
                _ = try await worker.queue.fail(
                    claim, .permanent, message: "A host does no \(claim.kind.rawValue) jobs.", delay: .zero)
            } catch {
                worker.logger.warning("job not reported", metadata: ["job.id": "\(claim.job)", "error": "\(error)"])
            }
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
