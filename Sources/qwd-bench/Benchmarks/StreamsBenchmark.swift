import Domain
import Processes
import Queue
import Redis
import TestSupport

/// 10,000 browsers that follow 1,000 sessions, ten each: what a stream costs the service, and when its reader hears of an
/// event. Fewer where the hard limit of descriptors is lower: two thirds of it are for connections, half of these may be
/// streams.
enum StreamsBenchmark {
    private static let sessions = 1000
    private static let each = min(10, DescriptorLimit.current.hard * 2 / 3 / 2 / sessions)
    private static var readers: Int { each * sessions }
    private static let addresses = 50

    static func run(_ workspace: Workspace) async throws {
        guard each > 0 else { throw BenchError("it needs more descriptors: raise the hard limit (ulimit -Hn 32000)") }
        Crowd.setDescriptorLimit()
        let server = try await RedisServer.start()
        let service = try await Service.start(
            workspace,
            settings: [
                "worker.hypervisor=simulated", "scheduler.lease=1h", "frontend.connections=32000",
                "frontend.connections_per_address=\(readers)",
            ], redis: server.address)
        let farm = Farm(queue: service.queue)
        try await farm.open()
        var claims: [Claim] = []
        for number in 0..<sessions {
            try await farm.enqueue(number)
            claims.append(try await farm.claim())
        }
        let crowd = Crowd()
        // What is made once does not count.
        try await join(200, crowd, service, claims)
        let memory = ProcessMeter.memory([service.process.pid]).pssMB
        try await join(readers - 200, crowd, service, claims)
        let listener = StreamListener(crowd.sockets)
        try await listener.settle(within: .seconds(60))
        func grown() -> Double {
            (ProcessMeter.memory([service.process.pid]).pssMB - memory) * 1e6 / 1024 / Double(readers - 200)
        }
        Figure.print(
            "streams_memory", grown(), "KiB each", limit: .below(40), note: "PSS of the service with \(readers) streams"
        )
        try await measure(service, listener, claims)
        Figure.print("streams_memory_used", grown(), "KiB each", note: "after the events")
        let clients = try await service.redis.send(["CLIENT", "LIST", "TYPE", "pubsub"]).string ?? ""
        Figure.print(
            "streams_subscriptions", Double(clients.split(whereSeparator: \.isNewline).count), "", limit: .below(2),
            note: "connections to Redis that are subscribed, all roles")
        crowd.leave()
        await service.stop()
        await server.stop()
    }

    private static func measure(_ service: Service, _ listener: StreamListener, _ claims: [Claim]) async throws {
        let steady = 2000
        let start = StreamListener.now()
        async let heard = listener.delays(of: steady * each, since: start, within: .seconds(60))
        for number in 0..<steady {
            // A hundred a second are as many as such a farm has at its busiest: each session has some eight in its life.
            try await Task.sleep(for: .milliseconds(10))
            try await step(service.queue, claims[number % sessions], number / sessions)
        }
        try await tell("streams_event", try await heard, wanted: steady * each, "100 events a second", limit: 250)
        let begin = StreamListener.now()
        async let burst = listener.delays(of: sessions * each, since: begin, within: .seconds(60))
        try await Farm.repeating(sessions, inFlight: 32) { try await step(service.queue, claims[$0], 2) }
        try await tell(
            "streams_burst", try await burst, wanted: sessions * each, "one of every session at once", limit: nil)
    }

    private static func tell(
        _ name: String, _ delays: [Double], wanted: Int, _ how: String, limit: Double?
    ) async throws {
        guard delays.count >= wanted else { throw BenchError("\(wanted - delays.count) events were not heard of") }
        let samples = Samples(delays)
        let note = "\(how), \(delays.count) deliveries to \(readers) streams, from Redis' clock to the reader"
        Figure.print("\(name)_median", samples.median, "ms", note: note)
        Figure.print("\(name)_p99", samples.percentile(99), "ms", limit: limit.map { .below($0) })
    }

    private static func step(_ queue: JobQueue, _ claim: Claim, _ round: Int) async throws {
        _ = try await queue.step(claim, round.isMultiple(of: 2) ? .snapshot : .launch)
    }

    private static func join(_ count: Int, _ crowd: Crowd, _ service: Service, _ claims: [Claim]) async throws {
        let metrics = HTTPConnection(port: service.port)
        for start in stride(from: crowd.sockets.count, to: crowd.sockets.count + count, by: 500) {
            let end = min(start + 500, crowd.sockets.count + count)
            try crowd.join(end - start, port: service.port, addresses: addresses)
            for place in start..<crowd.sockets.count {
                guard let session = claims[place % claims.count].session else { continue }
                crowd.say(
                    "GET /sessions/\(session)/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n",
                    to: place..<place + 1)
            }
            let wanted = "qwd_event_streams \(crowd.sockets.count)\n"
            let deadline = ContinuousClock.now + .seconds(60)
            while try await !metrics.request("GET", "/metrics").answer.text.contains(wanted) {
                guard ContinuousClock.now < deadline else { throw BenchError("not all streams were let in") }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
