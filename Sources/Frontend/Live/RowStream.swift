import Domain
import HTTPTypes
import Hummingbird
import Queue

/// The rows of the manage page as they change, at most once a tick: those of one person, or all.
actor RowStream: EventSource {
    private let services: FrontendServices
    /// Nil for everybody's sessions, and the hosts beside them.
    private let owner: PersonName?
    private let cookie: BrowserCookie
    /// The last event that the reader knows of.
    private var last: EventID?
    private var overview = ""

    /// Events that are read for a reader that was away. Who missed more loads the page again.
    private static let mostMissed = 1000

    init(services: FrontendServices, owner: PersonName?, request: Request) {
        self.services = services
        self.owner = owner
        cookie = owner == nil ? BrowserCookie(request: request) : BrowserCookie()
        last = EventID.last(of: request)
    }

    let isOver = false

    func text(of inbox: StreamInbox, _ subscription: StatusHub.Subscription) async throws -> String? {
        var text = ""
        let (changes, place) =
            inbox.isMissing ? try await missed(after: last) : (Array(inbox.rows.values), inbox.rowsAt)
        if let changes {
            if !changes.isEmpty { text += try self.text(of: changes, at: place) }
        } else {
            text += "id: \(place)\nevent: reload\ndata: {}\n\n"
        }
        if owner == nil, !text.isEmpty || inbox.mustLook {
            let now = try await seen()
            if now != overview { text += "event: regions\ndata: \(now)\n\n" }
            overview = now
        }
        last = max(last ?? .zero, place)
        return text
    }

    /// What the reader does not know of: nil if that is too much, or if nobody can say.
    private func missed(after: EventID?) async throws -> ([RowChange]?, EventID) {
        guard let after else { return (nil, try await services.queue.lastEvent()) }
        let page = try await services.queue.events(after: after, limit: Self.mostMissed)
        if page.isFull { return (nil, try await services.queue.lastEvent()) }
        let changes = try await services.rows.changes(of: Array(Set(page.events.map(\.session))))
        return (changes.filter { owner == nil || $0.owner == owner }, page.last ?? after)
    }

    private func text(of changes: [RowChange], at place: EventID) throws -> String {
        var event = RowsEvent()
        for change in changes {
            let row = change.row.map { services.pages.html(of: $0, cookie: cookie) }
            event.rows.updateValue(row, forKey: "s-\(change.id)")
            event.ended["e-\(change.id)"] = change.ended
        }
        return "id: \(place)\nevent: rows\ndata: \(try JSONText.of(event))\n\n"
    }

    /// What the page shows beside the rows.
    private func seen() async throws -> String {
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
