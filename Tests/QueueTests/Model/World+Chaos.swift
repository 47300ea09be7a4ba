import Domain
import Queue

/// What people, schedulers and bad luck do.
extension World {
    private var queue: JobQueue { farm.queue }

    /// One thing happens.
    func step() async throws {
        do {
            switch random.number(0..<100) {
            case 0..<14: try await enqueue()
            case 14..<62: try await work(random.number(0..<hosts.count))
            case 62..<70: try await beat(random.number(0..<hosts.count))
            case 70..<75: try await stop()
            case 75..<78: try await machineEnds()
            case 78..<81: try await haunt()
            case 81..<90: try await schedule()
            case 90..<94: try await pass()
            case 94..<96: crash(random.number(0..<hosts.count), withMachines: random.chance(30))
            case 96..<98: try await administrate()
            default: try await prolong()
            }
        } catch is Refused {
            // Limits and edges are there to refuse; the check has seen that nothing was written.
        }
    }

    private func enqueue() async throws {
        var request = SessionRequest.sample(
            random.pick(Self.owners) ?? "ann", machine: random.pick(["debian", "windows"]) ?? "debian",
            cpu: random.pick([1, 1, 2, 4, 8]) ?? 1, memoryMiB: random.pick([512, 1024, 4096]) ?? 512,
            lifetime: random.pick([0, 5000, 20_000]) ?? 0)
        if random.chance(8) {
            request.usesMaster = true
            request.host = random.pick(hosts)?.name
        }
        let wanted = request
        let clients: [LimitedClient] = [
            .person(request.owner), .browser(digest: "b1", address: "a1"), .browser(digest: "b2", address: "a1"),
            .address("a2"),
        ]
        let client = random.chance(60) ? nil : random.pick(clients)
        let (session, job) = (id(), id())
        let once = random.chance(50) ? "form:\(known.count)" : nil
        let made = try await call("enqueue \(session) \(request.owner) \(request.machine) \(request.cpu)") {
            () async throws(QueueError) in
            let made = try await queue.enqueue(
                wanted, once: once, client: client, limits: Self.limits, id: session, job: job)
            return [made.session, made.job]
        }
        guard made == [session, job] else { throw violation("enqueue answers another session") }
        known.append(session)
    }

    private func stop() async throws {
        guard let session = random.pick(Array(known.suffix(12))) else { return }
        let reason = random.pick([EndReason.stopped, .admin]) ?? .stopped
        try await call("stop \(session)") { () async throws(QueueError) in try await queue.stop(session, reason: reason)
        }
    }

    /// A guest powers itself off, or its QEMU crashes. Nobody may notice before the worker looks.
    private func machineEnds() async throws {
        guard let host = hosts.indices.randomElement(using: &random),
            let (id, machine) = hosts[host].machines.sorted(by: { $0.key < $1.key }).randomElement(using: &random),
            machine.isOn
        else { return }
        note("the machine of \(id) ends")
        hosts[host].machines[id] = nil
        if hosts[host].isUp { try await end(id, machine.fence, random.chance(50) ? .poweredOff : .crashed) }
    }

    /// A worker that was thought dead, or was overtaken, is heard of.
    private func haunt() async throws {
        guard let place = ghosts.indices.randomElement(using: &random) else { return }
        let (host, claim) = ghosts[place]
        if ghosts.count > 12 { ghosts.removeFirst() }
        let name = "ghost of \(claim.job) \(claim.fence)"
        switch random.number(0..<6) {
        case 0:
            try await call("\(name) renews") { () async throws(QueueError) in
                try await queue.renew([claim], lease: Farm.lease)
            }
        case 1:
            try await call("\(name) steps") { () async throws(QueueError) in try await queue.step(claim, .snapshot) }
        case 2:
            let answer = try await call("\(name) commits") { () async throws(QueueError) in
                try await queue.commit(claim, accelerator: "kvm")
            }
            // Then it was no ghost: its machine runs, and its worker's next start finds it.
            if answer == .ok, let session = claim.session {
                hosts[host].machines[session] = .init(fence: claim.fence, isOn: true)
            }
        case 3:
            try await call("\(name) finishes") { () async throws(QueueError) in try await queue.finish(claim) }
        case 4:
            try await call("\(name) fails") { () async throws(QueueError) in
                try await queue.fail(claim, .permanent, message: "boo", delay: .zero)
            }
        default:
            guard let session = claim.session else { return }
            try await end(session, claim.fence - random.number(0..<2), .crashed)
        }
    }

    private func schedule() async throws {
        switch random.number(0..<4) {
        case 0:
            try await call("tick", repeats: false) { () async throws(QueueError) in
                try await queue.tick(loadCheck: .milliseconds(50), lease: Farm.lease)
            }
        case 1:
            try await call("promote", repeats: false) { () async throws(QueueError) in try await queue.promote() }
        case 2:
            let name = random.pick(["s1", "s2"]) ?? "s1"
            try await call("\(name) leads") { () async throws(QueueError) in
                try await queue.lead(name, lease: Farm.lease)
            }
        default:
            try await call("reap") { () async throws(QueueError) in
                try await [queue.reap(lease: Farm.lease)].map { [$0.returned, $0.lost] }.count
            }
        }
    }

    /// Time passes, with or without anybody who looks after it.
    func pass() async throws {
        // A pause, a wait that makes others wait, and parts and multiples of a lease.
        let time = random.pick([.seconds(4), .seconds(70), .minutes(20), .minutes(61), .minutes(130)]) ?? Duration.zero
        let outage = random.chance(25)
        note("\(time) pass\(outage ? " in an outage" : "")")
        try await farm.pass(time, outage: outage)
        // Whoever is up has beaten meanwhile, mostly.
        for host in hosts.indices where !outage && random.chance(70) { try await beat(host) }
    }

    private func administrate() async throws {
        if random.chance(50) {
            let (host, drains) = (random.pick(hosts.map(\.name)) ?? "h1", random.chance(40))
            try await call("\(drains ? "drain" : "undrain") \(host)") { () async throws(QueueError) in
                try await queue.drain(host, drains)
            }
        } else if let job = random.pick((snapshot?.dead.keys).map { $0.sorted() } ?? []) {
            try await retry(job)
        }
    }

    func retry(_ job: String) async throws {
        let fresh = id()
        retried.insert(fresh)
        let session = try await call("retry \(job)") { () async throws(QueueError) in
            try await queue.retry(job, newSession: fresh)
        }
        if session == fresh { known.append(fresh) }
    }

    private func prolong() async throws {
        guard let id = random.pick(known), let session = try await queue.session(id) else { return }
        if random.chance(50) {
            try await call("extend \(id)") { () async throws(QueueError) in
                try await queue.extend(id, seconds: 5000, limits: Self.limits, seen: session.expiresAt)
            }
        } else {
            let detail = random.pick(["", "the disk is full"]) ?? ""
            try await call("trouble \(id)") { () async throws(QueueError) in
                try await queue.trouble(id, detail: detail)
                return true
            }
        }
    }
}
