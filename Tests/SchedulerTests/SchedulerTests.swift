import Domain
import Logging
import Queue
import Redis
import Scheduler
import ServiceLifecycle
import Testing
import TestSupport

/// The service against a real Redis.
@Suite(.timeLimit(.minutes(2)))
struct SchedulerTests {
    @Test func `a session ends when its time is over, though nobody asks for anything`() async throws {
        try await withStage { stage in
            try await stage.host()
            let session = try await stage.running(lifetime: 3600)
            try await stage.expire(session, in: 1200)
            try await stage.with(stage.scheduler()) {
                try await stage.wait(for: session, .stopping)
            }
            let end = try #require(try await stage.queue.session(session)?.expiresAt)
            let events = try await stage.queue.events(of: session)
            let stopped = try #require(events.last { $0.state == .stopping })
            #expect(stopped.fields["reason"] == "expired")
            // Not before its time, and soon after it.
            #expect(stopped.at >= end)
            #expect(stopped.at < end + 5000)
            let claim = try await stage.queue.claim(
                host: "h1", worker: "h1", routes: [.host("h1")], lease: Stage.lease)?.claim
            #expect(claim?.kind == .stop)
        }
    }

    @Test func `another scheduler takes over when the leader has fallen silent`() async throws {
        try await withStage { stage in
            try await stage.host()
            let session = try await stage.running(lifetime: 3600)
            try await stage.expire(session, in: 0)
            // It leads, and is never heard of again.
            #expect(try await stage.queue.lead("silent", lease: .seconds(3)) == 1)
            let silent = try #require(try await stage.leader("until").flatMap { Int64($0) })
            try await stage.with(stage.scheduler("s2", lease: .seconds(3))) {
                try await stage.wait(for: session, .stopping)
                #expect(try await stage.leader("holder") == "s2")
            }
            let stopped = try #require(try await stage.queue.events(of: session).last { $0.state == .stopping })
            #expect(stopped.at >= silent)
            #expect(stopped.at < silent + 6000)
            #expect(try await stage.leader("term") == "2")
        }
    }

    @Test func `of two schedulers one leads, and the other when that one has gone`() async throws {
        try await withStage { stage in
            try await stage.host()
            let session = try await stage.running(lifetime: 3600)
            let group = ServiceGroup(services: [stage.scheduler("s1", lease: .seconds(3))], logger: .quiet)
            let first = Task { try await group.run() }
            defer { first.cancel() }
            while try await stage.leader("holder") != "s1" { try Task.checkCancellation() }
            try await stage.with(stage.scheduler("s2", lease: .seconds(3))) {
                await group.triggerGracefulShutdown()
                try await first.value
                try await stage.expire(session, in: 0)
                try await stage.wait(for: session, .stopping)
            }
            #expect(try await stage.leader("holder") == "s2")
            #expect(try await stage.leader("term") == "2")
        }
    }

    @Test func `a graceful shutdown gives the leadership up`() async throws {
        try await withStage { stage in
            let group = ServiceGroup(services: [stage.scheduler()], logger: .quiet)
            async let running: Void = group.run()
            while try await stage.leader("holder") != "s1" { try Task.checkCancellation() }
            #expect(try await stage.queue.lead("s2", lease: Stage.lease) == nil)
            await group.triggerGracefulShutdown()
            try await running
            #expect(try await stage.queue.lead("s2", lease: Stage.lease) == 2)
        }
    }

    @Test func `a scheduler that leaves takes nobody else's leadership with it`() async throws {
        try await withStage { stage in
            #expect(try await stage.queue.lead("s2", lease: Stage.lease) == 1)
            let group = ServiceGroup(services: [stage.scheduler("s1")], logger: .quiet)
            async let running: Void = group.run()
            await group.triggerGracefulShutdown()
            try await running
            #expect(try await stage.leader("holder") == "s2")
            #expect(try await stage.queue.lead("s2", lease: Stage.lease) == 1)
        }
    }

    @Test func `it goes on by itself when Redis was away`() async throws {
        try await withStage(appendOnly: true) { stage in
            try await stage.host()
            let session = try await stage.running(lifetime: 3600)
            try await stage.with(stage.scheduler()) {
                while try await stage.leader("holder") != "s1" { try Task.checkCancellation() }
                stage.server.kill()
                try await stage.server.restart()
                try await stage.expire(session, in: 0)
                try await stage.wait(for: session, .stopping)
            }
        }
    }

    @Test func `it starts without Redis and works as soon as that is there`() async throws {
        try await withStage(appendOnly: true) { stage in
            try await stage.host()
            let session = try await stage.running(lifetime: 3600)
            try await stage.expire(session, in: 0)
            stage.server.kill()
            try await stage.with(stage.scheduler()) {
                try await stage.server.restart()
                try await stage.wait(for: session, .stopping)
            }
        }
    }

    @Test func `failed jobs get their next try and silent workers lose theirs`() async throws {
        try await withStage { stage in
            try await stage.host()
            let (failed, first) = try await stage.starting()
            #expect(try await stage.queue.fail(first, .transient, message: "no", delay: .milliseconds(300)) == .later)
            try await stage.with(stage.scheduler()) {
                while try await stage.queue.job(first.job)?.state != .waiting { try Task.checkCancellation() }
                let again = try await stage.queue.claim(
                    host: "h1", worker: "h1", routes: [.host("h1"), .create], lease: Stage.lease)?.claim
                #expect(again?.session == failed)
                // Its worker has been silent for a lease, and the scheduler was never away.
                _ = try await stage.redis.send(["ZADD", "qwd:jobs:running", "1", first.job])
                _ = try await stage.redis.send(["HSET", "qwd:leader:scheduler", "grace_until", "0"])
                try await stage.wait(for: failed, .queued)
            }
            #expect(try await stage.queue.job(first.job)?.error == "worker-silent")
        }
    }

    @Test func `the sessions of a silent host are lost`() async throws {
        try await withStage { stage in
            try await stage.host()
            let session = try await stage.running(lifetime: 3600)
            try await stage.with(stage.scheduler()) {
                while try await stage.leader("reaped_at") == nil { try Task.checkCancellation() }
                // Two leases and a little more.
                let past = try await stage.now() - 61_000
                _ = try await stage.redis.send(["ZADD", "qwd:hosts", "\(past)", "h1"])
                _ = try await stage.redis.send(["HSET", "qwd:leader:scheduler", "grace_until", "0"])
                try await stage.wait(for: session, .lost)
            }
        }
    }

    @Test func `live hosts get load checks`() async throws {
        try await withStage { stage in
            try await stage.host()
            try await stage.with(stage.scheduler(loadCheck: .milliseconds(200))) {
                for _ in 0..<3 {
                    var claim: Claim?
                    while claim == nil {
                        try await stage.queue.waitForWork(host: "h1", routes: [.host("h1")], timeout: .seconds(30))
                        claim = try await stage.queue.claim(
                            host: "h1", worker: "h1", routes: [.host("h1")], lease: Stage.lease)?.claim
                    }
                    let check = try #require(claim)
                    #expect(check.kind == .loadCheck)
                    #expect(try await stage.queue.finish(check) == .ok)
                }
            }
        }
    }

    @Test func `a cancelled scheduler ends at once`() async throws {
        try await withStage { stage in
            try await stage.with(stage.scheduler("s1", lease: .seconds(3600))) {
                while try await stage.leader("holder") != "s1" { try Task.checkCancellation() }
            }
            #expect(try await stage.queue.lead("s2", lease: Stage.lease) == 2)
        }
    }
}
