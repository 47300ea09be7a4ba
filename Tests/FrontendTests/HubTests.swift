import Domain
@testable import Frontend
import Queue
import Redis
import Testing
import TestSupport

/// One reader of the log serves all watchers.
@Suite(.timeLimit(.minutes(2)))
struct HubTests {
    private func open(
        _ site: TestSite, _ path: String, headers: [(String, String)] = []
    ) async throws -> EventReader {
        EventReader(try await site.http.open("GET", path, headers: headers))
    }

    /// How often Redis was asked for this since it was last told to forget.
    private func calls(_ command: String, _ redis: RedisClient) async throws -> Int {
        let text = try await redis.send(["INFO", "commandstats"]).string ?? ""
        return text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_\(command):") }
            .flatMap { $0.split(separator: "=").dropFirst().first?.prefix { $0.isNumber } }.flatMap { Int($0) } ?? 0
    }

    /// The events of a stream up to one that has this text.
    private func read(_ reader: inout EventReader, until text: String) async throws -> [EventReader.Event] {
        var events: [EventReader.Event] = []
        while events.last?.data.contains(text) != true {
            events.append(try #require(try await reader.next()))
        }
        return events
    }

    @Test func `watchers of different sessions get the events of their own alone`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let ids = [try await site.create(), try await site.create()]
            var readers = [
                try await open(site, "/sessions/\(ids[0])/events"), try await open(site, "/sessions/\(ids[1])/events"),
            ]
            for place in readers.indices { _ = try await read(&readers[place], until: "position") }
            try await site.advance(to: .snapshot)
            try await site.advance(to: .launch)
            for (place, step) in [SessionStep.snapshot, .launch].enumerated() {
                let log = try await site.queue.events(of: ids[place])
                let events = try await read(&readers[place], until: "\"step\":\"\(step.rawValue)\"")
                #expect(events.compactMap(\.id) == log.dropFirst().map(\.id))
            }
        }
    }

    @Test func `the log is read once for each hint, whoever watches`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let redis = RedisClient(address: site.server.address, logger: site.log.logger)
            let id = try await site.create()
            let other = try await site.create()
            var readers: [EventReader] = []
            for _ in 0..<20 {
                readers.append(try await open(site, "/sessions/\(id)/events"))
                readers.append(try await open(site, "/sessions/\(other)/events"))
            }
            for place in readers.indices { _ = try await read(&readers[place], until: "position") }
            _ = try await redis.send(["CONFIG", "RESETSTAT"])
            let begin = ContinuousClock.now
            try await site.advance(to: .launch)
            try await site.advance(to: .launch)
            for place in readers.indices { _ = try await read(&readers[place], until: #""step":"launch""#) }
            let hints = 6
            let rounds = Int(begin.duration(to: .now).components.seconds) / StatusHub.round + 1
            let reads = try await calls("xrange", redis)
            #expect((1...hints + rounds).contains(reads), "\(reads) for 40 watchers and \(hints) hints")
            await redis.close()
        }
    }

    @Test func `places are asked for once a tick, whoever waits`() async throws {
        try await withSite(freshness: .seconds(1)) { site in
            try await site.hostUp()
            let redis = RedisClient(address: site.server.address, logger: site.log.logger)
            var readers: [EventReader] = []
            for _ in 0..<20 {
                readers.append(try await open(site, "/sessions/\(try await site.create())/events"))
            }
            for place in readers.indices { _ = try await read(&readers[place], until: "\"position\":\(place + 1)}") }
            _ = try await redis.send(["CONFIG", "RESETSTAT"])
            try await site.advance(to: .snapshot)
            for place in readers.indices.dropFirst() {
                _ = try await read(&readers[place], until: "\"position\":\(place)}")
            }
            #expect(try await calls("zrank", redis) == 0)
            // Transitions, and what says why a session waits, ask for lists too.
            #expect(try await calls("zrange", redis) < 15)
            await redis.close()
        }
    }

    @Test func `a reader that comes back misses nothing and gets nothing twice, whenever it left`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            let claim = try #require(try await site.claim())
            var found: [String] = []
            var isOver = false
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for number in 0..<60 {
                        _ = try await site.queue.step(claim, number.isMultiple(of: 2) ? .snapshot : .launch)
                        await Task.yield()
                    }
                    try await site.queue.fail(claim, .permanent, message: "over", delay: .zero)
                }
                while !isOver {
                    var reader = try await open(
                        site, "/sessions/\(id)/events", headers: found.last.map { [("Last-Event-ID", $0)] } ?? [])
                    // Some events, and then away in their middle.
                    for _ in 0..<5 {
                        guard let event = try await reader.next() else { break }
                        if let id = event.id { found.append(id) }
                        isOver = event.data.contains(#""state":"ended""#)
                        if isOver { break }
                    }
                }
                try await group.waitForAll()
            }
            #expect(found == (try await site.queue.events(of: id)).map(\.id))
        }
    }

    @Test func `who reads nothing costs little, and keeps nothing from others`() async throws {
        Crowd.setDescriptorLimit()
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            let claim = try #require(try await site.claim())
            let crowd = Crowd()
            try crowd.join(50, port: site.http.port, receive: 2048)
            crowd.say("GET /sessions/\(id)/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            while !(try await site.http.get("/metrics").body.contains("qwd_event_streams 50\n")) {}
            var reader = try await open(site, "/sessions/\(id)/events")
            let memory = Crowd.memory
            // Of each event a browser gets some kilobytes.
            for number in 0..<300 {
                _ = try await site.queue.step(claim, number.isMultiple(of: 2) ? .snapshot : .launch)
            }
            let last = try #require(try await site.queue.events(of: id).last).id
            while let event = try await reader.next(), event.id != last {}
            let grown = Crowd.memory - memory
            print("hub: 50 who read nothing of 300 events: \(grown) KiB more")
            #expect(grown < 100_000)
        }
    }

    @Test func `two thousand streams at once have little memory each`() async throws {
        Crowd.setDescriptorLimit()
        try await withSite { site in
            try await site.hostUp()
            var ids: [SessionID] = []
            for _ in 0..<20 { ids.append(try await site.create()) }
            let crowd = Crowd()
            func join(_ count: Int) async throws {
                let before = crowd.sockets.count
                try crowd.join(count, port: site.http.port, addresses: 20, first: 2)
                for place in before..<crowd.sockets.count {
                    crowd.say(
                        "GET /sessions/\(ids[place % 20])/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                        to: place..<place + 1)
                }
                let wanted = "qwd_event_streams \(crowd.sockets.count)\n"
                while !(try await site.http.get("/metrics").body.contains(wanted)) {
                    try await Task.sleep(for: .milliseconds(20))
                }
                // Two ticks: until all have their place.
                try await Task.sleep(for: .seconds(2))
            }
            // What is made once does not count.
            try await join(20)
            let memory = Crowd.memory
            try await join(2000)
            let each = Double(Crowd.memory - memory) / 2000
            print("hub: \(each) KiB for each of 2000 streams, and its client's socket")
            // In a debug build; an idle connection alone has as much but for some 2 KiB.
            #expect(each < 80)
        }
    }
}
