import Domain
import Hypervisor
import Logging
import Machines
import Processes
import Queue

/// A machine, or what one has left, that belongs to no session which the queue places on this host. It is left alone until an
/// administrator says what becomes of it.
struct StrayMachine: Sendable, Hashable {
    var ref: MachineRef
    /// Nil where the host does not know whose it was.
    var record: SessionRecord?
    var why: String
}

extension Worker {
    /// Leaves a machine alone and tells of it.
    func leaveAlone(_ machine: MachineRef, because why: String) async {
        let stray = StrayMachine(ref: machine, record: SessionRecord.read(paths.session(machine.session)), why: why)
        guard await table.add(stray) else { return }
        logger.error(
            "a machine here belongs to no session of this host: it is left alone",
            metadata: [
                "session.id": "\(machine.session)", "reason": "\(why)",
                "advice": "'qwd host strays' shows it; 'qwd host strays take' or 'end' decides",
            ])
    }

    /// What the queue says of machines that live here, as with each heartbeat.
    func notice(_ placed: [PlacedSession], living: Set<SessionID>) async {
        for session in placed where session.state == nil && living.contains(session.id) {
            if await table.isBusy(session.id) { continue }
            let files = paths.session(session.id)
            let fence = max(FenceFile.read(files), SessionRecord.read(files)?.fence ?? 0)
            await leaveAlone(
                MachineRef(session.id, fence: fence), because: "the queue does not know that it lives here")
        }
        // The queue may have its data again.
        for session in placed where session.state != nil {
            if await table.removeStray(session.id) {
                logger.notice("a stray machine is a session again", metadata: ["session.id": "\(session.id)"])
            }
        }
    }

    /// Tells the queue of all strays, while there are some and once when there are none any more.
    func tellStrays() async throws(QueueError) {
        let strays = await table.strays
        let wasTold = await table.toldStrays
        if strays.isEmpty, !wasTold { return }
        let living = Set(await hypervisor.living())
        try await queue.tell(
            strays.map { stray in
                let files = paths.session(stray.ref.session)
                return Stray(
                    session: stray.ref.session, owner: stray.record?.request.owner.text ?? "",
                    machine: stray.record?.request.machine ?? "", lives: living.contains(stray.ref.session),
                    diskMiB: Files.size(files.overlay) >> 20, why: stray.why)
            }, on: options.hostID)
        await table.toldStrays(!strays.isEmpty)
    }

    /// A job by which an administrator ends a stray machine.
    func endStray(_ claim: Claim) async {
        guard let id = claim.session, let stray = await table.stray(id) else {
            return await refuse(claim, "There is no such machine on \(options.host) any more.")
        }
        if let error = await free(stray.ref) { return await refuse(claim, error.detail) }
        _ = await table.removeStray(id)
        logger.notice("stray machine ended", metadata: ["session.id": "\(id)"])
        await done(claim)
    }

    /// A job by which an administrator makes a stray machine its session again.
    func takeStray(_ claim: Claim) async {
        guard let id = claim.session, let stray = await table.stray(id) else {
            return await refuse(claim, "There is no such machine on \(options.host) any more.")
        }
        guard await hypervisor.living().contains(id) else {
            return await refuse(claim, "It does not run: there is only its disk, \(paths.session(id).overlay).")
        }
        guard let record = stray.record else {
            return await refuse(claim, "\(options.host) does not know whose it was. Only its end can be asked for.")
        }
        let answer: TakeUp?
        do throws(QueueError) {
            answer = try await retryWhileUnavailable(logger: logger) { () async throws(QueueError) in
                try await queue.takeUp(
                    id, fence: stray.ref.fence, on: options.hostID, accelerator: hypervisor.accelerator,
                    request: record.request)
            }
        } catch {
            return await refuse(claim, error.detail)
        }
        switch answer {
        case .ok?: break
        case .known?: return await refuse(claim, "The queue knows this session, as one of another host or claim.")
        case .gone?, nil: return await refuse(claim, "The queue does not know \(options.host).")
        }
        _ = await table.removeStray(id)
        if let session = try? await queue.session(id) { await resume(session, job: nil) }
        await done(claim)
    }

    private func done(_ claim: Claim) async {
        await report(claim) { () async throws(QueueError) in try await queue.finish(claim) }
        await beatOnce()
    }

    private func refuse(_ claim: Claim, _ why: String) async {
        logger.warning("stray machine left as it is", metadata: ["job.id": "\(claim.job)", "error": "\(why)"])
        await report(claim) { () async throws(QueueError) in
            try await queue.fail(claim, .permanent, message: why, delay: .zero)
        }
    }

    private func report<Value: Sendable>(_ claim: Claim, _ body: () async throws(QueueError) -> Value) async {
        guard let id = claim.session else { return }
        await report(id, body)
    }
}
