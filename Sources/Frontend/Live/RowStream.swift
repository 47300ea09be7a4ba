import Domain
import HTTPTypes
import Hummingbird
import Queue

/// The rows of the manage page as they change, at most once a tick: those of one person, or all.
struct RowStream: Sendable {
    let services: FrontendServices
    /// Nil for everybody's sessions, and the hosts beside them.
    let owner: PersonName?

    /// Events that are read for a reader that was away. Who missed more loads the page again.
    private static let mostMissed = 1000

    func response(to request: Request, _ context: FrontendContext) throws -> Response {
        let after = EventID.last(of: request)
        let cookie = owner == nil ? BrowserCookie(request: request) : BrowserCookie()
        return try Response.eventStream(
            request, context, services, of: .rows(of: owner), about: owner == nil ? .everything : .own
        ) { try await follow($0, $1, $2, after: after, cookie) }
    }

    private func follow(
        _ subscription: StatusHub.Subscription, _ permit: StreamPermit, _ write: Response.EventWriter,
        after: EventID?, _ cookie: BrowserCookie
    ) async throws {
        var last = after
        var overview = ""
        var presence = QueuePresence()
        var wakes = subscription.wakes.makeAsyncIterator()
        repeat {
            let inbox = subscription.take()
            var text = ""
            do {
                if inbox.mustLook, try await !permit.holds() { return }
                let (changes, place) =
                    inbox.isMissing ? try await missed(after: last) : (Array(inbox.rows.values), inbox.rowsAt)
                if let changes {
                    if !changes.isEmpty { text += try self.text(of: changes, at: place, cookie) }
                } else {
                    text += "id: \(place)\nevent: reload\ndata: {}\n\n"
                }
                last = max(last ?? .zero, place)
                if owner == nil, !text.isEmpty || inbox.mustLook {
                    let now = try await self.overview()
                    if now != overview { text += "event: regions\ndata: \(now)\n\n" }
                    overview = now
                }
                text += presence.tell(inbox)
            } catch {
                subscription.retry()
                text = presence.tell(inbox, hasFailed: true)
            }
            try await write(text.isEmpty ? ": still here\n\n" : text)
        } while await wakes.next() != nil
    }

    /// What the reader does not know of: nil if that is too much, or if nobody can say.
    private func missed(after: EventID?) async throws -> ([RowChange]?, EventID) {
        guard let after else { return (nil, try await services.queue.lastEvent()) }
        let page = try await services.queue.events(after: after, limit: Self.mostMissed)
        if page.isFull { return (nil, try await services.queue.lastEvent()) }
        let changes = try await services.rows.changes(of: Array(Set(page.events.map(\.session))))
        return (changes.filter { owner == nil || $0.owner == owner }, page.last ?? after)
    }

    private func text(of changes: [RowChange], at place: EventID, _ cookie: BrowserCookie) throws -> String {
        var event = RowsEvent()
        for change in changes {
            let row = change.row.map { services.pages.html(of: $0, cookie: cookie) }
            event.rows.updateValue(row, forKey: "s-\(change.id)")
            event.ended["e-\(change.id)"] = change.ended
        }
        return "id: \(place)\nevent: rows\ndata: \(try JSONText.of(event))\n\n"
    }

    /// What the page shows beside the rows.
    private func overview() async throws -> String {
        let hosts = try await services.hosts.value()
        return try JSONText.of(
            [
                "totals": services.pages.totals(try await services.states.value(), hosts),
                "hosts": services.pages.hostCards(hosts),
            ])
    }
}

/// Rows of the manage page that have changed, by their element's id.
private struct RowsEvent: Encodable, Sendable {
    /// HTML; nil takes the row away.
    var rows: [String: String?] = [:]
    /// HTML of sessions that have ended.
    var ended: [String: String] = [:]
}
