import Domain
import Queue
import Redis

/// How everything comes to rest.
extension World {
    private var queue: JobQueue { farm.queue }

    /// All hosts come back and do their work without any more bad luck, all sessions are stopped: then all have ended.
    func comeToRest() async throws {
        ghosts = []
        for host in hosts.indices {
            if !hosts[host].isUp { try await restart(host) }
            _ = try await queue.drain(hosts[host].name, false)
        }
        for round in 0..<200 {
            try await farm.pass(.minutes(20))
            _ = try await queue.promote()
            _ = try await queue.reap(lease: Farm.lease)
            for job in (snapshot?.dead.keys).map({ $0.sorted() }) ?? [] where job.hasSuffix("-stop") {
                try await retry(job)
            }
            for host in hosts.indices {
                try await beat(host)
                for _ in 0..<6 { try await work(host) }
            }
            if round == 20 { note("all are stopped") }
            if round >= 20 {
                for id in known { _ = try await queue.stop(id) }
            }
            try await check()
            if snapshot?.sessions.isEmpty == true, hosts.allSatisfy({ $0.work.isEmpty }) {
                return try await checkRest()
            }
        }
        throw violation("not all sessions have ended: \(snapshot?.sessions ?? [:])")
    }

    /// Nothing is left but what is known to stay, or to go with time.
    private func checkRest() async throws {
        var found: [String] = []
        for (name, host) in snapshot?.hosts ?? [:]
        where Resource.allCases.contains(where: { host["\($0.rawValue)_reserved"] ?? "0" != "0" }) {
            found.append("\(name) still promises \(host)")
        }
        for host in hosts where !host.machines.isEmpty {
            found.append("\(host.name) still has machines: \(host.machines)")
        }
        let stays: Set = [
            "qwd:sessions:ended", "qwd:jobs:done", "qwd:jobs:dead", "qwd:hosts", "qwd:machines", "qwd:fence",
            "qwd:leader:scheduler", "qwd:events", "qwd:farm", "qwd:sessions:count", "qwd:hosts:room", "qwd:queue:clock",
        ]
        let perHost = [
            "qwd:host:", "qwd:tags:host:", "qwd:machines:host:", "qwd:machines:unlisted:", "qwd:machines:offers:",
            "qwd:wake:host:",
            "qwd:wake:create:",
            "qwd:queue:host:",
        ]
        let dead = Set((snapshot?.dead.keys).map { $0.map { "qwd:job:" + $0 } } ?? [])
        let waiting = Set(snapshot?.queues.values.flatMap(\.keys).map { "qwd:job:" + $0 } ?? [])
        // The scheduler forgets what was over for a week, some hundred a round.
        try await farm.pass(.seconds(8 * 24 * 3600))
        for _ in 0..<5 { _ = try await queue.tick(loadCheck: .zero, lease: Farm.lease) }
        for key in try await farm.redis.send(["KEYS", "*"]).array?.compactMap(\.string) ?? [] {
            if stays.contains(key) || hosts.contains(where: { host in perHost.contains { key == $0 + host.name } }) {
                continue
            }
            // A dead job stays for an administrator, a load check until its host takes it.
            if key.hasPrefix("qwd:hosts:tag:") { continue }
            if dead.contains(key) || waiting.contains(key) && key.hasPrefix("qwd:job:load-") { continue }
            if try await farm.redis.send(["PTTL", key]).integer ?? 0 > 0 { continue }
            found.append("\(key) stays for ever")
        }
        if !found.isEmpty { throw violation(found.sorted().joined(separator: "\n")) }
    }
}
