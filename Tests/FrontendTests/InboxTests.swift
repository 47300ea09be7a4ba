import Domain
@testable import Frontend
import Queue
import Testing
import TestSupport

/// What waits for a watcher that does not take it.
@Suite(.timeLimit(.minutes(1)))
struct InboxTests {
    @Test func `a slow reader keeps so many events and begins again from the log`() async throws {
        try await withSite { site in
            try await site.hostUp()
            let id = try await site.create()
            let event = try #require(try await site.queue.events(of: id).first)
            var inbox = StreamInbox()
            inbox.add(event)
            #expect(inbox.isMissing && inbox.events.isEmpty, "who begins reads the log")
            _ = inbox.take()
            for _ in 0..<StreamInbox.mostEvents { inbox.add(event) }
            #expect(!inbox.isMissing && inbox.events.count == StreamInbox.mostEvents)
            for _ in 0..<1000 { inbox.add(event) }
            #expect(inbox.isMissing && inbox.events.isEmpty)
            #expect(inbox.take().isMissing)
            inbox.add(event)
            #expect(inbox.take().events.count == 1)
        }
    }

    @Test func `ids of events are in the order of the log, and what is none is refused`() {
        #expect(EventID("9-10") ?? .zero > EventID("9-9") ?? .zero)
        #expect(EventID("10-0") ?? .zero > EventID("9-9") ?? .zero)
        #expect(EventID("7") == EventID(time: 7, number: 0))
        for text in ["", "-", "1-", "-1", "+1-1", "1-1-1", "a-1", "1-1; DROP", "99999999999999999999-0"] {
            #expect(EventID(text) == nil)
        }
    }
}
