import Domain
@testable import Frontend
import Queue
import Testing
import TestSupport

@Suite(.timeLimit(.minutes(1)))
struct EventTests {
    private func open(
        _ site: TestSite, _ path: String, headers: [(String, String)] = []
    ) async throws -> EventReader {
        EventReader(try await site.http.open("GET", path, headers: headers))
    }

    @Test func `events come as they happen and the stream ends with the session`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            var reader = try await open(site, "/sessions/\(id)/events")
            #expect(try #require(try await reader.next()).data.contains(#""state":"queued""#))
            #expect(reader.head?.headers["content-type"] == "text/event-stream")
            let place = try #require(try await reader.next()).data
            #expect(place.hasPrefix(#"{"page":{"class":"queued","#) && place.hasSuffix(#","position":1}"#))
            #expect(place.contains("Waiting: next in the queue"), "an event brings the words of the page")
            try await site.advance(to: .running)
            var steps: [String] = []
            while steps.last != "running", let event = try await reader.next() {
                let part = event.data.split(separator: #""step":""#).dropFirst().first
                if let step = part?.prefix(while: { $0 != "\"" }) { steps.append(String(step)) }
            }
            #expect(steps == SessionStep.allCases.map(\.rawValue))
            _ = try await site.queue.stop(id)
            #expect(try #require(try await reader.next()).data.contains("stopping"))
            let stop = try #require(try await site.claim())
            try await site.queue.finish(stop)
            #expect(try #require(try await reader.next()).data.contains(#""reason":"stopped""#))
            #expect(try await reader.next() == nil)
        }
    }

    @Test func `a reader that was away gets what it missed, once`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            try await site.advance(to: .snapshot)
            let log = try await site.queue.events(of: id)
            #expect(log.count == 3)
            for headers in [[("Last-Event-ID", log[1].id)], []] {
                var reader = try await open(
                    site, "/sessions/\(id)/events" + (headers.isEmpty ? "?after=\(log[1].id)" : ""), headers: headers)
                #expect(try #require(try await reader.next()).id == log[2].id)
            }
            // An id that is none counts as having nothing.
            var reader = try await open(site, "/sessions/\(id)/events", headers: [("Last-Event-ID", "1-1-1; DROP")])
            #expect(try #require(try await reader.next()).id == log[0].id)
        }
    }

    @Test func `after the end there is nothing to wait for`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            _ = try await site.queue.stop(id)
            var reader = try await open(site, "/sessions/\(id)/events")
            var last: String?
            while let event = try await reader.next() { last = event.id ?? last }
            let again = try await site.http.get(
                "/sessions/\(id)/events", headers: [("Last-Event-ID", try #require(last))])
            #expect(again.status == 204)
        }
    }

    @Test func `the place in the queue moves with the sessions before it`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let first = try await site.create()
            let second = try await site.create()
            var reader = try await open(site, "/sessions/\(second)/events")
            _ = try await reader.next()
            #expect(try await reader.next()?.data.hasSuffix(#","position":2}"#) == true)
            _ = try await site.queue.stop(first)
            #expect(try await reader.next()?.data.hasSuffix(#","position":1}"#) == true)
        }
    }

    @Test func `the manage page hears of every change`() async throws {
        try await withSite { site in
            try await site.hostUp()
            var reader = try await open(site, "/manage/events?after=0-0")
            let id = try await site.create()
            var data = ""
            while !data.contains("\"s-\(id)\":\"<tr "), let event = try await reader.next() { data = event.data }
            #expect(data.contains("\"s-\(id)\":\"<tr "))
        }
    }

    @Test func `streams end with the server, at once`() async throws {
        let asked = Box<ContinuousClock.Instant?>(nil)
        // Keeps the streams open while the site goes down.
        let streams = Box<[AsyncThrowingStream<[UInt8], any Error>]>([])
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            for path in ["/sessions/\(id)/events", "/manage/events"] {
                let stream = try await site.http.open("GET", path, headers: [])
                streams.value.append(stream)
                var reader = EventReader(stream)
                _ = try await site.create()
                _ = try await reader.next()
            }
            asked.value = .now
        }
        #expect(ContinuousClock.now - (try #require(asked.value)) < .seconds(5))
        #expect(streams.value.count == 2)
    }

    @Test func `a reader that goes away is forgotten at once`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            do {
                var reader = try await open(site, "/sessions/\(id)/events")
                _ = try await reader.next()
                #expect(try await site.http.get("/metrics").body.contains("qwd_event_streams 1"))
            }
            while !(try await site.http.get("/metrics").body.contains("qwd_event_streams 0")) {}
        }
    }

    @Test func `asking for the head of a stream leaves nobody listening`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            for path in ["/manage/events", "/sessions/\(id)/events"] {
                #expect(try await site.http.send("HEAD", path).status == 200)
            }
            #expect(try await site.http.get("/metrics").body.contains("qwd_event_streams 0\n"))
        }
    }

    @Test func `a stream outlives a restart of Redis`() async throws {
        try await withSite(appendOnly: true) { site in
            try await site.hostUp()
            let id = try await site.create()
            var reader = try await open(site, "/sessions/\(id)/events")
            _ = try await reader.next()
            _ = try await reader.next()
            site.server.kill()
            try await site.server.restart()
            try await site.advance(to: .snapshot)
            var found: [String] = []
            while !(found.last?.contains("snapshot") ?? false), let event = try await reader.next() {
                found.append(event.data)
            }
            #expect(found.contains { $0.contains(#""step":"claim""#) })
        }
    }
}
