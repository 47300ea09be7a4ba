import Domain
import Queue

/// What a worker does.
extension World {
    private var queue: JobQueue { farm.queue }

    /// Takes a job, or goes a step on with one.
    func work(_ host: Int) async throws {
        guard hosts[host].isUp else { return try await restart(host) }
        if let place = hosts[host].work.indices.randomElement(using: &random), random.chance(70) {
            return try await goOn(host, place)
        }
        try await look(host)
    }

    /// Looks for a job if it is awake or woken. Now and then it looks though nothing woke it, and must find nothing.
    func look(_ host: Int) async throws {
        let (name, creates) = (hosts[host].name, hosts[host].hasSlot)
        var mustBeNothing = false
        if hosts[host].isAsleep, try await !farm.wakes(name, creates: creates) {
            guard random.chance(50) else { return }
            mustBeNothing = true
        }
        let once = "\(random.next())"
        let claim = try await call("\(name) claims\(creates ? "" : " no creates")") { () async throws(QueueError) in
            try await queue.claim(
                host: name, worker: name, routes: [.host(name)] + (creates ? [.create] : []), lease: Farm.lease,
                limits: Self.limits, once: once)?.claim
        }
        hosts[host].isAsleep = claim == nil
        guard let claim else { return }
        // For a new session one host is woken, and each host looks with its heartbeat.
        if mustBeNothing, claim.kind != .create { throw violation("nobody woke \(name) for \(claim)") }
        if random.chance(5) {
            // Its reply never came.
            ghosts.append((host, claim))
        } else {
            hosts[host].work.append(.init(claim: claim))
        }
    }

    private func goOn(_ host: Int, _ place: Int) async throws {
        let work = hosts[host].work[place]
        switch work.claim.kind {
        case .loadCheck:
            try await call("finish") { () async throws(QueueError) in try await queue.finish(work.claim) }
            try await over(host, work.claim)
        case .stop:
            try await stop(host, work.claim)
        case .create:
            try await create(host, place, work)
        case .mail:
            throw violation("a host has got a mail")
        case .takeStray, .endStray:
            throw violation("a host has got a job that nobody asked for")
        }
    }

    private func stop(_ host: Int, _ claim: Claim) async throws {
        if random.chance(15) {
            return try await fail(host, claim)
        }
        if let session = claim.session { hosts[host].machines[session] = nil }
        try await call("finish stop \(claim.job)") { () async throws(QueueError) in try await queue.finish(claim) }
        try await over(host, claim)
    }

    private func create(_ host: Int, _ place: Int, _ work: SimulatedHost.Work) async throws {
        guard let session = work.claim.session else { throw violation("a create job without a session") }
        let claim = work.claim
        let answer: Ownership
        switch work.progress {
        case .begun:
            if random.chance(12) { return try await fail(host, claim) }
            answer = try await call("launch \(session)") { () async throws(QueueError) in
                try await queue.step(claim, .launch)
            }
            if answer == .ok {
                hosts[host].machines[session] = .init(fence: claim.fence, isOn: false)
                hosts[host].work[place].progress = .launched
            }
        case .launched:
            if random.chance(8) { return try await fail(host, claim) }
            answer = try await call("commit \(session) \(claim.fence)") { () async throws(QueueError) in
                try await queue.commit(claim, accelerator: "kvm")
            }
            if answer == .ok {
                hosts[host].machines[session] = .init(fence: claim.fence, isOn: true)
                hosts[host].work[place].progress = .committed
            }
        case .committed:
            var step = Ownership.ok
            if random.chance(50) {
                step = try await call("display \(session)") { () async throws(QueueError) in
                    try await queue.step(claim, .display)
                }
            }
            answer =
                step != .ok
                ? step
                : try await call("finish \(session)") { () async throws(QueueError) in
                    try await queue.finish(claim, displayURL: "http://x")
                }
            if answer == .ok { try await over(host, claim) }
        }
        if answer != .ok { try await giveUp(host, hosts[host].work[place], answer) }
    }

    private func fail(_ host: Int, _ claim: Claim) async throws {
        if claim.kind == .create, let session = claim.session { hosts[host].machines[session] = nil }
        let failure = random.pick([FailureClass.noRoom, .transient, .transient, .permanent]) ?? .transient
        let delay = random.pick([Duration.zero, .seconds(3)]) ?? .zero
        try await call("fail \(claim.job) \(failure) \(delay)") { () async throws(QueueError) in
            try await queue.fail(claim, failure, message: "\(failure)", delay: delay)
        }
        try await over(host, claim)
    }

    /// Undoes what was made for a job that is not wanted, or not its own, any more.
    private func giveUp(_ host: Int, _ work: SimulatedHost.Work, _ answer: Ownership) async throws {
        let claim = work.claim
        guard let session = claim.session else { return try await over(host, claim) }
        if claim.kind == .create, hosts[host].machines[session]?.fence == claim.fence {
            hosts[host].machines[session] = nil
        }
        if work.progress == .committed {
            try await end(session, claim.fence, .failed)
        } else if answer == .cancel {
            try await call("fail \(claim.job), cancelled") { () async throws(QueueError) in
                try await queue.fail(claim, .transient, message: "cancelled", delay: .zero)
            }
        } else {
            ghosts.append((host, claim))
        }
        try await over(host, claim)
    }

    func end(_ session: SessionID, _ fence: Int, _ reason: EndReason) async throws {
        try await call("end \(session) \(fence) \(reason)") { () async throws(QueueError) in
            try await queue.end(session, fence: fence, reason: reason, detail: "")
        }
    }

    private func over(_ host: Int, _ claim: Claim) async throws {
        hosts[host].work.removeAll { $0.claim.job == claim.job }
        if claim.kind == .create { try await queue.wake(host: hosts[host].name) }
    }

    /// A heartbeat: the leases, what the host is like, and what should live there and does not.
    func beat(_ host: Int) async throws {
        guard hosts[host].isUp else { return }
        let name = hosts[host].name
        let work = hosts[host].work
        let answers = try await call("\(name) renews") { () async throws(QueueError) in
            try await queue.renew(work.map(\.claim), lease: Farm.lease)
        }
        for (work, answer) in zip(work, answers) where answer != .ok {
            try await giveUp(host, work, answer)
        }
        let living = hosts[host].machines.filter { $0.value.isOn }.map(\.key).sorted()
        let status = HostStatus.sample(
            name, cpu: hosts[host].cpu, memoryMiB: 8192, busy: 0.1,
            closure: random.chance(20) ? random.pick(HostClosure.allCases) : nil)
        let placed = try await call("\(name) beats", repeats: false) { () async throws(QueueError) in
            try await queue.hostUp(name, status: status, living: living, lease: Farm.lease)
        }
        if status.closure == nil, try await farm.field("qwd:host:\(name)", "draining") != "1",
            try await farm.exists("qwd:queue:create"), try await !farm.exists("qwd:wake:create:\(name)")
        {
            throw violation("\(name) has room and does not look for those that wait")
        }
        for session in placed.sorted(by: { $0.id < $1.id })
        where hosts[host].machines[session.id] == nil && !hosts[host].isBusy(session.id) {
            try await end(session.id, session.fence, .lost)
        }
    }

    /// The worker is killed. Its machines live on, unless the whole host goes down.
    func crash(_ host: Int, withMachines: Bool) {
        note("\(hosts[host].name) crashes\(withMachines ? " with its machines" : "")")
        ghosts += hosts[host].work.map { (host, $0.claim) }
        hosts[host].work = []
        hosts[host].isUp = false
        if withMachines { hosts[host].machines = [:] }
    }

    /// The worker starts: it adopts the machines that should run, removes all others and gives back the jobs it had.
    func restart(_ host: Int) async throws {
        let name = hosts[host].name
        note("\(name) starts")
        hosts[host].isUp = true
        hosts[host].isAsleep = false
        let orphans = try await queue.running(on: name)
        for (id, machine) in hosts[host].machines.sorted(by: { $0.key < $1.key }) {
            let session = try await queue.session(id)
            guard let session, session.host == name, session.fence == machine.fence,
                [.running, .stopping, .lost].contains(session.state)
            else {
                hosts[host].machines[id] = nil
                continue
            }
            hosts[host].machines[id]?.isOn = true
            if !session.displayReady {
                let claim = Claim(
                    job: session.job?.text ?? "", kind: .create, session: id, fence: machine.fence, attempt: 1)
                try await call("adopt \(id)") { () async throws(QueueError) in
                    try await queue.finish(claim, displayURL: "http://x")
                }
            }
        }
        for job in orphans {
            let claim = Claim(job: job.id, kind: job.kind, session: job.session, fence: job.fence, attempt: job.attempt)
            try await call("\(name) gives \(job.id) back") { () async throws(QueueError) in
                try await queue.fail(claim, .transient, message: "restarted", delay: .zero)
            }
        }
        let machines = random.chance(30) ? ["debian"] : ["debian", "windows"]
        try await call("\(name) offers \(machines)") { () async throws(QueueError) in
            try await queue.offer(machines.map(MachineDescription.sample), host: name)
            return true
        }
        try await beat(host)
    }
}
