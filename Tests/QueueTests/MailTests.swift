import Domain
@testable import Queue
import Redis
import Testing

/// Mails that the queue makes, and what becomes of them.
@Suite(.timeLimit(.minutes(5)))
struct MailTests {
    private func mail(_ farm: Farm) async throws(QueueError) -> ClaimedJob? {
        try await farm.queue.claim(host: "", worker: "mailer", routes: [.mail], lease: Farm.lease)
    }

    @Test func `who has an address is mailed once when the session is ready, and once an hour before its end`()
        async throws
    {
        try await withFarm { farm in
            try await farm.host()
            var request = SessionRequest.sample(lifetime: 4 * 3600)
            request.email = "ann@example.org"
            let session = try await farm.queue.enqueue(request, limits: .none, id: farm.id(), job: farm.id()).session
            let claim = try #require(try await farm.claim())
            _ = try await farm.queue.commit(claim, accelerator: "kvm")
            let early = try await mail(farm)
            #expect(early == nil)
            try await farm.queue.finish(claim, displayURL: "http://x")
            let ready = try #require(try await mail(farm))
            #expect(ready.topic == "ready" && ready.claim.session == session)
            try await farm.queue.finish(ready.claim)
            let told = try await farm.queue.session(session)?.mail
            #expect(told == "sent")

            let at = try await farm.redis.send(["ZSCORE", "qwd:sessions:warning", session.text]).integer ?? 0
            let end = try await farm.queue.session(session)?.expiresAt ?? 0
            #expect(Int(end) - at == 3_600_000)
            // As if three of the four hours were over.
            _ = try await farm.redis.send(["ZADD", "qwd:sessions:warning", "1", session.text])
            for _ in 0..<2 { _ = try await farm.queue.tick(loadCheck: .zero, lease: Farm.lease) }
            let ending = try #require(try await mail(farm))
            #expect(ending.topic == "ending" && ending.claim.session == session)
            let more = try await mail(farm)
            #expect(more == nil)
        }
    }

    @Test func `who has none is not mailed`() async throws {
        try await withFarm { farm in
            try await farm.host()
            _ = try await farm.session(in: .running, lifetime: 4 * 3600)
            let job = try await mail(farm)
            let warnings = try await farm.redis.send(["EXISTS", "qwd:sessions:warning"]).integer
            #expect(job == nil && warnings == 0)
        }
    }

    @Test func `a mail that fails is tried again, its text is gone when it is over, and a silent mailer loses it`()
        async throws
    {
        try await withFarm { farm in
            let id = farm.id()
            for _ in 0..<2 { try await farm.queue.mail(topic: "code", sealed: "secret", id: id) }
            let first = try #require(try await mail(farm))
            #expect(first.sealed == "secret" && first.topic == "code")
            let none = try await mail(farm)
            #expect(none == nil, "the same id is the same mail")
            let state = try await farm.queue.fail(first.claim, .transient, message: "busy", delay: .zero)
            #expect(state == .waiting)
            let second = try #require(try await mail(farm))
            #expect(second.claim.attempt == 2)
            try await farm.pass(Farm.lease * 2)
            let reaped = try await farm.reap().returned
            #expect(reaped == 1)
            let third = try #require(try await mail(farm))
            let late = try await farm.queue.finish(second.claim)
            #expect(late == .stale)
            try await farm.queue.finish(third.claim)
            let left = try await farm.redis.send(["HGET", "qwd:job:mail-\(id)", "sealed"]).string
            #expect(left == nil)
        }
    }
}
