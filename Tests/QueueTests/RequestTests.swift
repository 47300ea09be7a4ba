import Domain
@testable import Queue
import Redis
import Testing

/// What is asked for, on its way to who does it.
@Suite(.timeLimit(.minutes(5)))
struct RequestTests {
    private func claimed(_ farm: Farm, _ host: String = "h1") async throws -> ClaimedJob? {
        try await farm.queue.claim(host: host, worker: host, routes: [.host(host), .create], lease: Farm.lease)
    }

    @Test func `a claim answers with all that was asked for`() async throws {
        try await withFarm { farm in
            try await farm.host(tags: ["fast", "near"])
            var request = SessionRequest.sample(cpu: 2, memoryMiB: 2048, tags: ["fast"])
            request.email = "ann@example.org"
            request.oneShot = true
            _ = try await farm.queue.enqueue(request, limits: .none, id: farm.id(), job: farm.id())
            #expect(try await claimed(farm)?.request == request)
        }
    }

    @Test func `a wish that no script knows reaches the worker, and a second try`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let made = try await farm.enqueue(payload: "#!/bin/sh\n" + String(repeating: "x", count: 100_000))
            // As a later version would: one more field, named among those that were asked for.
            let key = "qwd:session:\(made.session)"
            let asked = try #require(try await farm.field(key, "asked"))
            _ = try await farm.redis.send(["HSET", key, "asked", asked + " colour", "colour", "blue"])
            let claim = try #require(try await farm.claim())
            #expect(try await farm.queue.fail(claim, .permanent, message: "no", delay: .zero) == .dead)
            let fresh = SessionID(farm.id().text) ?? made.session
            #expect(try await farm.queue.retry(made.job.text, newSession: fresh) == fresh)
            #expect(try await farm.field("qwd:session:\(fresh)", "colour") == "blue")
            #expect(try await farm.queue.session(fresh)?.request == farm.queue.session(made.session)?.request)
            let payload = try await farm.redis.send(["GET", "qwd:payload:\(fresh)"]).string
            #expect(payload?.count == 100_010)
            #expect(try await !farm.exists("qwd:payload:\(made.session)"))
        }
    }

    @Test func `a session goes to a host that has what it asks for besides room`() async throws {
        try await withFarm { farm in
            try await farm.host("plain")
            try await farm.host("tagged", tags: ["gpu", "near"])
            let made = try await farm.enqueue(tags: ["gpu", "near"])
            #expect(try await farm.claim("plain") == nil)
            #expect(try await farm.verdict("plain", .sample(tags: ["gpu"])) == .lacks("tag:gpu"))
            #expect(try await farm.claim("tagged")?.session == made.session)
            // A machine's name is no tag.
            _ = try await farm.enqueue(tags: ["debian"])
            #expect(try await farm.claim("tagged") == nil)
        }
    }

    @Test(arguments: Resource.allCases)
    func `every resource is promised and given back`(resource: Resource) async throws {
        try await withFarm { farm in
            var status = HostStatus.sample(cpu: 8, memoryMiB: 8192, busy: 0)
            status.capacity[resource] = 10
            if resource != .cpu { status.capacity[.cpu] = 1000 }
            if resource != .memory { status.capacity[.memory] = 100_000 }
            _ = try await farm.queue.hostUp("h1", status: status, living: [], lease: Farm.lease)
            try await farm.queue.offer([.sample("debian")], host: "h1")
            var request = SessionRequest.sample(memoryMiB: 1)
            request.resources[.disk] = 0
            request.resources[resource] = 6
            var claims: [Claim] = []
            for _ in 0..<2 { _ = try await farm.queue.enqueue(request, limits: .none, id: farm.id(), job: farm.id()) }
            claims.append(try #require(try await farm.claim()))
            #expect(try await farm.claim() == nil)
            #expect(try await farm.verdict("h1", request) == .full(resource, needed: 6, free: 4, nextEnd: nil))
            #expect(try await farm.queue.fail(claims[0], .permanent, message: "no", delay: .zero) == .dead)
            #expect(try await farm.claim() != nil)
            request.resources[resource] = 11
            let big = request
            let refused = await code { () throws(QueueError) in
                _ = try await farm.queue.enqueue(big, limits: .none, id: farm.id(), job: farm.id())
            }
            #expect(refused == .tooBig(resource, largest: 10))
        }
    }

    @Test(arguments: ["resetchannels", "-publish", "-xadd", "-zadd", "resetkeys"])
    func `a user of Redis who may not write everything writes nothing`(lacking: String) async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .running)
            let before = try await farm.digest()
            let keys = lacking == "resetkeys" ? ["~qwd:session*", "~qwd:job*", "~qwd:host*"] : ["~qwd:*"]
            _ = try await farm.redis.send(["ACL", "SETUSER", "default", "resetkeys", lacking] + keys)
            let error = await #expect(throws: QueueError.self) { try await farm.queue.stop(subject.session) }
            #expect(error?.code == .unavailable)
            #expect(error?.detail.contains("ACL") == true)
            _ = try await farm.redis.send(["ACL", "SETUSER", "default", "allkeys", "allchannels", "+@all"])
            #expect(try await farm.digest() == before)
            #expect(try await farm.queue.stop(subject.session) == .stopping)
        }
    }

    @Test func `two hosts of one name stay two`() async throws {
        try await withFarm { farm in
            for id in ["id1", "id2"] {
                _ = try await farm.queue.hostUp(
                    id, status: .sample("desk", cpu: 2, memoryMiB: 4096, busy: 0), living: [], lease: Farm.lease)
                try await farm.queue.offer([.sample("debian")], host: id)
                _ = try await farm.enqueue(cpu: 2)
                #expect(try await farm.claim(id) != nil)
            }
            let hosts = try await farm.queue.hosts(lease: Farm.lease)
            #expect(hosts.map(\.name) == ["desk", "desk"] && hosts.map(\.id) == ["id1", "id2"])
            #expect(hosts.map(\.reserved.cpu) == [2, 2])
            let session = try #require(try await farm.queue.sessions().first)
            #expect(session.hostName == "desk" && ["id1", "id2"].contains(session.host))
        }
    }
}
