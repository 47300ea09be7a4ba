import Domain
import Queue
import Testing

/// When a host takes no session at all.
@Suite(.timeLimit(.minutes(5)))
struct ClosedHostTests {
    @Test func `a draining host takes no new sessions but ends those it has`() async throws {
        try await withFarm { farm in
            try await farm.host()
            let running = try await farm.session(in: .running)
            #expect(try await farm.queue.drain("h1", true))
            let made = try await farm.enqueue()
            #expect(try await farm.claim() == nil)
            #expect(try await farm.verdict() == .draining)
            // A heartbeat does not change it.
            try await farm.host(living: [running.session])
            #expect(try await farm.claim() == nil)
            try await farm.queue.stop(running.session)
            #expect(try await farm.claim()?.kind == .stop)

            try await farm.quiet()
            #expect(try await farm.queue.drain("h1", false))
            #expect(try await farm.wakes())
            #expect(try await farm.claim()?.session == made.session)
            #expect(try await !farm.queue.drain("unknown", true))
            #expect(try await !farm.exists("qwd:host:unknown"))
        }
    }

    @Test(arguments: [(0.8, true), (0.81, false), (1.0, false)])
    func `a host that is busier than the limit takes no further session`(busy: Double, takes: Bool) async throws {
        try await withFarm { farm in
            // Its worker compares it with the limit.
            let closure: HostClosure? = busy > 0.8 ? .load : nil
            try await farm.host(busy: busy, closure: closure)
            _ = try await farm.enqueue()
            // The first one always: whatever makes it busy is none of ours, and would not go away by waiting.
            let first = try await farm.claim()
            #expect(first != nil)
            let second = try await farm.enqueue()
            #expect(try await (farm.claim() != nil) == takes)
            if !takes {
                #expect(try await farm.verdict() == .closed(.load, busyPercent: Int((busy * 100).rounded())))
                // The next heartbeat tells that it is better.
                try await farm.quiet()
                try await farm.host(busy: 0.2)
                #expect(try await farm.wakes())
                #expect(try await farm.claim()?.session == second.session)
            }
        }
    }

    @Test(arguments: [1, 2, 5])
    func `the farm holds as many sessions as the limit says and not one more`(limit: Int) async throws {
        try await withFarm { farm in
            for host in ["a", "b"] { try await farm.host(host) }
            let limits = Limits.only(sessions: limit)
            for _ in 0...limit { _ = try await farm.enqueue() }
            var taken: [Claim] = []
            for place in 0..<limit {
                taken.append(try #require(try await farm.claim(place.isMultiple(of: 2) ? "a" : "b", limits: limits)))
            }
            for host in ["a", "b"] { #expect(try await farm.claim(host, limits: limits) == nil) }
            let waiting = try #require(try await farm.queue.sessions().first { $0.state == .queued })
            let placement = try await farm.queue.place(waiting.request, limits: limits, lease: Farm.lease)
            #expect(placement.blocker == .farmIsFull(sessions: limit))

            // One ends, and its host hears of it.
            for host in ["a", "b"] { try await farm.quiet(host) }
            #expect(try await farm.queue.fail(taken[0], .permanent, message: "no", delay: .zero) == .dead)
            #expect(try await farm.wakes("a"))
            #expect(try await farm.claim("a", limits: limits)?.session == waiting.id)
            #expect(try await farm.claim("b", limits: limits) == nil)
        }
    }

    @Test(arguments: [SessionState.starting, .running, .stopping, .lost])
    func `a session counts until it has ended`(state: SessionState) async throws {
        try await withFarm { farm in
            try await farm.host()
            _ = try await farm.session(in: state)
            _ = try await farm.enqueue()
            #expect(try await farm.claim(creates: false)?.kind == (state == .stopping ? .stop : nil))
            #expect(try await farm.claim(limits: .only(sessions: 1)) == nil)
            #expect(try await farm.claim(limits: .only(sessions: 2)) != nil)
        }
    }

    @Test(arguments: [HostClosure.disk, .problem])
    func `a host whose disk is full, or that has a problem, takes none at all`(closure: HostClosure) async throws {
        try await withFarm { farm in
            try await farm.host(closure: closure)
            try await farm.quiet()
            _ = try await farm.enqueue()
            #expect(try await !farm.wakes())
            #expect(try await farm.claim() == nil)
            #expect(try await farm.verdict() == .closed(closure, busyPercent: 0))
            try await farm.host()
            #expect(try await farm.wakes())
            #expect(try await farm.claim() != nil)
        }
    }
}
