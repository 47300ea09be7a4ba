import Display
import Domain
import Hypervisor
import Logging
import Machines
import Queue
import Secrets

extension Worker {
    /// Makes the host and the queue agree after a start: machines that should run go on, all other traces are removed.
    func adopt() async {
        let adopted = await hypervisor.adopt()
        // Nobody else works here, so a job that runs on this host was left by a worker that was killed.
        let orphans = await orphanedJobs()
        for machine in adopted {
            await adopt(machine, job: orphans.first { $0.session == machine.session && $0.kind == .create })
        }
        for claim in orphans {
            await giveBack(claim)
        }
        await bridge.withdrawAll(but: Set(await hypervisor.living()))
        await hypervisor.settle()
        await offer()
        await meter.lookAtDisk(within: options.lease / 3)
        await beatOnce()
    }

    func adopt(_ machine: AdoptedMachine, job: Claim?) async {
        let id = machine.session
        let session: Session?
        do throws(QueueError) {
            session =
                try await retryWhileUnavailable(logger: logger) { () async throws(QueueError) in
                    try await queue.session(id)
                } ?? nil
        } catch {
            logger.error("session can't be read", metadata: ["session.id": "\(id)", "error": "\(error)"])
            return
        }
        let ours = session.map { $0.host == options.hostID && $0.fence == machine.fence } ?? false
        guard ours, let session, [.running, .stopping, .lost].contains(session.state) else {
            logger.notice("removing what a session left", metadata: ["session.id": "\(id)"])
            await free(machine.ref)
            return
        }
        switch machine.state {
        case .gone:
            await ended(id, fence: machine.fence, .crashed, "QEMU ended while its worker was away.")
        case .crashed(let why):
            await ended(id, fence: machine.fence, .crashed, why)
        case .poweredOff:
            await ended(id, fence: machine.fence, .poweredOff, "")
        case .silent:
            // Silence is no end: it goes on when it answers, and can be stopped meanwhile.
            break
        case .paused, .running:
            await resume(session, job: job)
        }
    }

    /// Goes on with a machine that runs, wherever its former worker was interrupted.
    private func resume(_ session: Session, job: Claim?) async {
        let id = session.id
        // Its stop job does the rest, and has closed the display or will.
        if session.state == .stopping { return }
        let machine = MachineRef(id, fence: session.fence)
        do throws(MachineError) {
            try await hypervisor.switchOn(machine)
            let token = secret.token(session: id, fence: session.fence)
            try await bridge.publish(machine, token: token, oneShot: session.request.oneShot)
            if !session.displayReady {
                let claim =
                    job
                    ?? Claim(
                        job: session.job?.text ?? "", kind: .create, session: id, fence: session.fence,
                        attempt: session.attempt)
                await report(id) { () async throws(QueueError) in
                    try await queue.finish(claim, displayURL: bridge.baseURL)
                }
            }
            logger.notice("session goes on", metadata: ["session.id": "\(id)"])
        } catch {
            await ended(id, fence: session.fence, .crashed, error.detail)
        }
    }

    /// The jobs that a killed worker of this host still seems to have.
    private func orphanedJobs() async -> [Claim] {
        do throws(QueueError) {
            let jobs =
                try await retryWhileUnavailable(logger: logger) { () async throws(QueueError) in
                    try await queue.running(on: options.hostID)
                } ?? []
            return jobs.map {
                Claim(job: $0.id, kind: $0.kind, session: $0.session, fence: $0.fence, attempt: $0.attempt)
            }
        } catch {
            logger.error("jobs can't be read", metadata: ["error": "\(error)"])
            return []
        }
    }

    /// Sends a job back at once, instead of when its lease is over. One whose work is done is over by this.
    private func giveBack(_ claim: Claim) async {
        if let id = claim.session, claim.kind == .create {
            let state = try? await queue.session(id)?.state
            if state == .starting { await free(MachineRef(id, fence: claim.fence)) }
        }
        do throws(QueueError) {
            _ = try await retryWhileUnavailable(logger: logger) { () async throws(QueueError) in
                try await queue.fail(claim, .transient, message: "Its worker was restarted.", delay: .zero)
            }
        } catch {
            logger.error("job can't be given back", metadata: ["job.id": "\(claim.job)", "error": "\(error)"])
        }
    }
}
