import Domain
@testable import Queue
import Testing

/// Workers and hosts that fall silent.
@Suite(.timeLimit(.minutes(5)))
struct ReapTests {
    @Test func `the job of a silent worker is the next one again, three times in all`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .starting)
            let other = try await farm.enqueue("bob")
            for attempt in 1...3 {
                try await farm.pass(.minutes(40))
                #expect(try await farm.reap().returned == 0)
                try await farm.pass(.minutes(21))
                #expect(try await farm.reap().returned == 1)
                #expect(try await farm.reap().returned == 0)
                #expect(try await farm.reserved() == [0, 0, 0])
                if attempt < 3 { #expect(try await farm.claim()?.job == subject.job) }
            }
            #expect(try await farm.jobState(subject.job) == .dead)
            let session = try #require(try await farm.queue.session(subject.session))
            #expect(session.reason == .failed)
            #expect(session.detail == "worker-silent")
            #expect(try await farm.claim()?.session == other.session)
        }
    }

    @Test func `a stop job of a silent worker comes back to its host, and is dead after five`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .stopping)
            for attempt in 1...5 {
                #expect(try await farm.claim()?.attempt == attempt)
                try await farm.pass(.minutes(61))
                #expect(try await farm.reap().returned == 1)
            }
            #expect(try await farm.claim() == nil)
            #expect(try await farm.jobState("\(subject.session)-stop") == .dead)
            #expect(try await farm.state(subject.session) == .stopping)
        }
    }

    @Test func `several jobs come back in the order in which they were taken`() async throws {
        try await withFarm { farm in
            try await farm.host()
            var made: [SessionID] = []
            for _ in 0..<3 {
                made.append(try await farm.session(in: .starting).session)
                try await farm.pass(.seconds(1))
            }
            try await farm.pass(.minutes(61))
            #expect(try await farm.reap().returned == 3)
            for expected in made { #expect(try await farm.claim()?.session == expected) }
        }
    }

    @Test func `after an outage everybody has a lease's time to come back`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let starting = try await farm.session(in: .starting)
            let running = try await farm.session(in: .running)
            let claim = try #require(starting.claim)
            try await farm.pass(.minutes(1000), outage: true)
            // The first look after the outage, and some more within the grace.
            for _ in 0..<3 { #expect(try await farm.queue.reap(lease: Farm.lease) == (0, 0)) }
            try await farm.pass(.minutes(40), outage: true)
            #expect(try await farm.queue.reap(lease: Farm.lease) == (0, 0))
            #expect(try await farm.state(running.session) == .running)
            // The worker comes back and has lost nothing.
            #expect(try await farm.queue.renew([claim], lease: Farm.lease) == [.ok])
            try await farm.host(living: [running.session])
            try await farm.pass(.minutes(21), outage: true)
            #expect(try await farm.queue.reap(lease: Farm.lease) == (0, 0))
            #expect(try await farm.queue.commit(claim, accelerator: "kvm") == .ok)
        }
    }

    @Test func `who does not come back after an outage is silent when the grace is over`() async throws {
        try await withFarm { farm in
            try await farm.host()
            _ = try await farm.session(in: .running)
            _ = try await farm.session(in: .starting)
            try await farm.pass(.minutes(1000), outage: true)
            #expect(try await farm.queue.reap(lease: Farm.lease) == (0, 0))
            for _ in 0..<3 {
                try await farm.pass(.minutes(25), outage: true)
                let grace = try await farm.queue.reap(lease: Farm.lease)
                if grace != (0, 0) { #expect(grace == (1, 1)) }
            }
            #expect(try await farm.queue.stateCounts() == [.queued: 1, .lost: 1])
        }
    }

    @Test func `a silent host's sessions are lost, shown so, kept, and running again when it is back`() async throws {
        try await withFarm { farm in
            try await farm.host("h1")
            try await farm.host("h2")
            let subject = try await farm.session(in: .running)
            try await farm.silence("h1")
            #expect(try await farm.reap() == (0, 1))
            #expect(try await farm.reap() == (0, 0))
            let lost = try #require(try await farm.queue.session(subject.session))
            #expect(lost.state == .lost)
            #expect(lost.detail == "host-silent:h1")
            #expect(try await farm.reserved() == [1, 1024, 1])
            // Nobody else starts it.
            #expect(try await farm.claim("h2") == nil)
            // Another host's word does not count.
            #expect(
                try await farm.host("h2", living: [subject.session])
                    == [PlacedSession(id: subject.session, fence: 0, state: nil)])
            #expect(try await farm.state(subject.session) == .lost)

            let fence = try #require(subject.claim).fence
            let placed = try await farm.host("h1", living: [subject.session])
            #expect(placed == [PlacedSession(id: subject.session, fence: fence, state: .running)])
            let back = try #require(try await farm.queue.session(subject.session))
            #expect(back.state == .running)
            #expect(back.detail == nil)
            #expect(back.displayReady)
            #expect(back.expiresAt == lost.expiresAt)
            #expect(try await farm.history(subject.session) == [.queued, .starting, .running, .lost, .running])
        }
    }

    @Test func `a host that was silent for a moment has lost nothing`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .running)
            try await farm.pass(.minutes(110))
            #expect(try await farm.reap() == (0, 0))
            try await farm.pass(.minutes(11))
            #expect(try await farm.reap() == (0, 1))
            #expect(try await farm.state(subject.session) == .lost)
        }
    }

    @Test func `a lost session whose host came back without it is for the host to end`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let subject = try await farm.session(in: .lost)
            let starting = try await farm.session(in: .starting)
            let fence = try #require(subject.claim).fence
            // One that is just starting there is not asked for.
            #expect(starting.claim != nil)
            #expect(try await farm.host() == [PlacedSession(id: subject.session, fence: fence, state: .lost)])
            #expect(try await farm.queue.end(subject.session, fence: fence, reason: .lost, detail: "restarted") == .ok)
            #expect(try await farm.host() == [])
        }
    }

    @Test func `a load check of a silent worker is given up`() async throws {
        try await withFarm { farm in
            try await farm.host()
            try await farm.pass(.seconds(11))
            #expect(try await farm.queue.tick(loadCheck: .seconds(10), lease: Farm.lease).loadChecks == 1)
            let claim = try #require(try await farm.claim())
            #expect(claim.kind == .loadCheck)
            #expect(claim.session == nil)
            try await farm.pass(.minutes(61))
            #expect(try await farm.reap().returned == 1)
            #expect(try await farm.jobState(claim.job) == .cancelled)
            #expect(try await farm.claim() == nil)
        }
    }
}
