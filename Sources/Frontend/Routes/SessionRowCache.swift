import Domain
import Queue
import Synchronization

/// Rows of the manage page, kept as long as their sessions stay as they are: of a thousand sessions few change between two
/// looks at the page.
final class SessionRowCache: Sendable {
    private let queue: JobQueue
    private let pages: Pages
    private let words: RowWords
    private let rows = Mutex<[SessionID: SessionRow]>([:])

    init(queue: JobQueue, pages: Pages) {
        self.queue = queue
        self.pages = pages
        words = RowWords(pages.texts)
    }

    /// Rows that are kept.
    var count: Int { rows.withLock { $0.count } }

    /// The rows of one page of the live sessions, of all people or of one, the newest session first.
    /// - Parameter page: From 1 on. The last one is taken for a page that is not there (any more).
    func rows(of owner: PersonName? = nil, page: Int = 1) async throws(QueueError) -> RowPage {
        let size = RowPage.size
        let (revisions, count) = try await queue.revisions(of: owner, from: (page - 1) * size, limit: size)
        let last = max(1, (count + size - 1) / size)
        if page > last { return try await rows(of: owner, page: last) }
        return RowPage(number: page, rows: try await rows(of: owner, revisions), count: count)
    }

    private func rows(of owner: PersonName?, _ revisions: [JobQueue.Revision]) async throws(QueueError) -> [SessionRow]
    {
        let known = rows.withLock { $0 }
        let changed = revisions.filter { known[$0.session]?.revision != $0.number }
        let fresh = try await queue.sessions(changed.map(\.session)).map { SessionRow($0, pages: pages, words: words) }
        return rows.withLock { rows in
            for row in fresh { rows[row.id] = row }
            // Another look at the page may have dropped a row meanwhile that this one still shows.
            let shown = revisions.compactMap { rows[$0.session] ?? known[$0.session] }
            func isAsked(_ row: SessionRow) -> Bool { owner == nil || row.owner == owner }
            // What was asked for and is not among them has ended, or stands on a page that nobody looks at now.
            if rows.values.count(where: isAsked) > shown.count {
                let live = Set(shown.map(\.id))
                rows = rows.filter { live.contains($0.key) || !isAsked($0.value) }
            }
            return shown
        }
    }

    /// What has become of the rows of some sessions, without those that nobody knows any more.
    func changes(of sessions: [SessionID]) async throws(QueueError) -> [RowChange] {
        try await queue.sessions(sessions).map { session in
            let row = session.state == .ended ? nil : SessionRow(session, pages: pages, words: words)
            rows.withLock { rows in
                // What nobody has looked at need not be kept, and a look may have found a newer one meanwhile.
                guard let known = rows[session.id], known.revision <= session.revision else { return }
                rows[session.id] = row
            }
            return RowChange(
                id: session.id, owner: session.request.owner, row: row,
                ended: row == nil ? pages.endedRow(session) : nil)
        }
    }
}

/// A part of a list of sessions.
struct RowPage: Sendable {
    /// Rows of a page: more than anybody reads, and some 150 kB of HTML.
    static let size = 200

    /// From 1 on.
    var number: Int
    var rows: [SessionRow]
    /// Sessions on all pages.
    var count: Int

    var first: Int { (number - 1) * Self.size + 1 }
    var hasNewer: Bool { number > 1 }
    var hasOlder: Bool { number * Self.size < count }
}

/// What has become of a row.
struct RowChange: Sendable {
    let id: SessionID
    let owner: PersonName
    /// Nil for a session that has ended.
    let row: SessionRow?
    /// Its line among those that have ended.
    let ended: String?
}
