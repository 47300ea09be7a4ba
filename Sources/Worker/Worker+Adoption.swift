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
        await tellOtherVersions()
    }

    /// Hosts of different versions work together while they are upgraded, one after the other.
    private func tellOtherVersions() async {
        for host in (try? await queue.hosts(lease: options.lease)) ?? []
        where host.alive && host.status.version != options.version {
            logger.warning(
                "another host has another version",
                metadata: [
                    "there": "\(host.name)", "version.there": "\(host.status.version)", "version": "\(options.version)",
                ])
        }
    }

    func adopt(_ machine: AdoptedMachine, job: Claim?) async {
        let id = machine.session
        let found: Session?
        do throws(QueueError) {
            found =
                try await retryWhileUnavailable(logger: logger) { () async throws(QueueError) in
                    try await queue.session(id)
                } ?? nil
        } catch {
            logger.error("session can't be read", metadata: ["session.id": "\(id)", "error": "\(error)"])
            return await leaveAlone(machine.ref, because: "the queue could not be asked about it: \(error)")
        }
        // A worker that ends while it asks has no answer, which is not the answer that there is none.
        if Task.isCancelled { return }
        let record = SessionRecord.read(paths.session(id))
        // Marks in the runtime directory are gone after a start of the host.
        let fence = machine.fence == 0 ? record?.fence ?? 0 : machine.fence
        let ref = MachineRef(id, fence: fence)
        let session = await committed(found, ref, record, job)
        switch verdict(on: machine, ref, record, session, job) {
        case .goesOn(let session): await goOn(machine, session, job)
        case .isOver:
            logger.notice("removing what a session left", metadata: ["session.id": "\(id)"])
            await free(ref)
        case .isStray(let why): await leaveAlone(ref, because: why)
        }
    }

    /// What becomes of a machine that was found here.
    private enum Verdict {
        case goesOn(Session)
        case isOver
        case isStray(String)
    }

    /// A machine ends only by the word of the queue about this very host and claim, or if nobody can have worked with it.
    private func verdict(
        on machine: AdoptedMachine, _ ref: MachineRef, _ record: SessionRecord?, _ session: Session?, _ job: Claim?
    ) -> Verdict {
        if let session, session.host == options.hostID, session.fence == ref.fence {
            switch session.state {
            case .running, .stopping, .lost: return .goesOn(session)
            case .ended: return .isOver
            // It was not committed, or is not wanted any more.
            case .starting where job != nil: return .isOver
            case .queued, .starting: break
            }
        }
        // It was never switched on, or its job had not come to the commit.
        if machine.state == .paused || record == nil && machine.state == .gone { return .isOver }
        guard let session else { return .isStray("the queue knows no such session") }
        guard let host = session.host, host != options.hostID else {
            return .isStray(
                "the queue has it as \(session.state.rawValue), by claim \(session.fence) and not \(ref.fence)")
        }
        return .isStray("the queue places it on \(session.hostName ?? host)")
    }

    /// The session, made running if its worker was killed between the note on the disk and the commit, or if the queue has lost
    /// what came after: the claim is still its owner.
    private func committed(
        _ session: Session?, _ machine: MachineRef, _ record: SessionRecord?, _ job: Claim?
    ) async -> Session? {
        guard var session, session.state == .starting, record?.fence == machine.fence, session.fence == machine.fence,
            session.host == options.hostID, await hypervisor.living().contains(machine.session),
            let job, job.fence == machine.fence
        else { return session }
        let answer = try? await retryWhileUnavailable(logger: logger) { () async throws(QueueError) in
            try await queue.commit(job, accelerator: hypervisor.accelerator, folders: record?.folders ?? [])
        }
        if answer == .ok { session.state = .running }
        return session
    }

    /// Goes on with a machine of a session that should run.
    private func goOn(_ machine: AdoptedMachine, _ session: Session, _ job: Claim?) async {
        let id = session.id
        switch machine.state {
        case .gone:
            // The runtime directory, which is in memory, has lost what was noted there.
            let why =
                machine.fence == 0
                ? "The machine ended when its host, or the container of its worker, was started anew, or qwd was removed there."
                : "QEMU ended while its worker was away."
            await ended(id, fence: session.fence, .crashed, why)
        case .crashed(let why):
            await ended(id, fence: session.fence, .crashed, why)
        case .poweredOff:
            await ended(id, fence: session.fence, .poweredOff, "")
        case .silent:
            // Silence is no end: it goes on when it answers, and can be stopped meanwhile.
            break
        case .paused, .running:
            await resume(session, job: job)
        }
    }

    /// Goes on with a machine that runs, wherever its former worker was interrupted.
    func resume(_ session: Session, job: Claim?) async {
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
            await table.resumed(machine)
        } catch {
            // A machine that lives is not ended because it can't be reached now: that may pass.
            guard await hypervisor.living().contains(id) else {
                return await ended(id, fence: session.fence, .crashed, error.detail)
            }
            await resumeLater(machine, because: error.detail)
        }
    }

    /// Notes a machine that lives and can't be reached now, and tells its user.
    func resumeLater(_ machine: MachineRef, because why: String) async {
        await table.resumeLater(machine)
        await report(machine.session) { () async throws(QueueError) in
            try await queue.trouble(machine.session, detail: "The desktop can't be reached for now. \(why)")
        }
    }

    /// Tries again to go on with machines that could not be reached.
    func resumeAgain() async {
        for machine in await table.waitingToResume {
            let session: Session?
            do throws(QueueError) {
                session = try await queue.session(machine.session)
            } catch {
                // Nothing is known of it: it is asked for again.
                continue
            }
            guard let session, session.state == .running, session.fence == machine.fence,
                session.host == options.hostID
            else {
                await table.resumed(machine)
                continue
            }
            await resume(session, job: nil)
            if await table.waitingToResume.contains(machine) { continue }
            await report(session.id) { () async throws(QueueError) in try await queue.trouble(session.id, detail: "") }
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
