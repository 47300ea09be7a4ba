import Domain
import Queue

/// One session's row of the manage page, but for what depends on who looks at it.
struct SessionRow: Sendable {
    let id: SessionID
    let revision: Int
    let owner: PersonName
    /// The rows stand in the order of these texts: what needs attention comes first; among equals the oldest, which has
    /// waited longest.
    let order: String
    /// The row up to the machine's name.
    let head: String
    /// The rest of the row.
    let tail: String

    init(_ session: Session, pages: Pages, words: RowWords) {
        id = session.id
        revision = session.revision
        owner = session.request.owner
        // Lost sessions first, then those that wait, those on their way, and the running ones.
        let rank =
            switch session.state {
            case .lost: 0
            case .queued: 1
            case .starting: 2
            case .stopping: 3
            case .running: 4
            case .ended: 5
            }
        // The one that ends next comes first.
        let end = session.state == .running ? session.expiresAt ?? Self.noEnd : 0
        let path = pages.path(of: id)
        let machine = HTML.escape(session.request.machineTitle)
        // By their ids the links and buttons of a row that was exchanged get the focus back.
        order = Self.order(rank: rank, end: end, id: id)
        head =
            "<tr id=\"s-\(id)\" data-order=\"\(order)\"><th scope=\"row\"><a id=\"n-\(id)\" href=\"\(path)\">\(machine)</a>"
        tail = Self.tail(session, path, machine, HTML.escape(owner.text), pages.texts, words)
    }

    /// Later than any end, in as many digits as all have for some centuries.
    private static let noEnd: Int64 = 9_999_999_999_999

    private static func order(rank: Int, end: Int64, id: SessionID) -> String {
        let digits = "\(end)"
        // A session's id begins with the time at which it was asked for.
        return "\(rank)-" + String(repeating: "0", count: max(0, 13 - digits.count)) + digits + "-\(id)"
    }

    private static func tail(
        _ session: Session, _ path: String, _ machine: String, _ owner: String, _ texts: Texts, _ words: RowWords
    ) -> String {
        var html = "</th><td data-label=\"\(words.owner)\">\(owner)</td><td data-label=\"\(words.state)\">"
        html += "<span class=\"state \(session.state.rawValue)\">"
        html += HTML.escape(SessionStatusText.stateWord(of: session, texts: texts)) + "</span>"
        if let detail = session.detail { html += "<small>\(HTML.escape(texts.detail(detail)))</small>" }
        html += "</td>"
        html += cell(words.host, session.hostName.map(HTML.escape))
        html += cell(words.since, HTML.time(session.startedAt ?? session.createdAt))
        html += cell(words.until, session.state == .running ? session.expiresAt.map(HTML.time) ?? words.forever : nil)
        html += "<td class=\"actions\"><div>"
        if session.isOpen {
            let label = "\(words.connect): \(machine), \(owner)"
            html += "<a id=\"c-\(session.id)\" class=\"button small\" href=\"\(path)/connect\" "
            html += "aria-label=\"\(label)\">\(words.connect)</a>"
        }
        if session.state != .stopping {
            // All rows send one form, which has what depends on who looks.
            html += "<button id=\"x-\(session.id)\" class=\"button small danger\" form=\"act\" "
            html += "formaction=\"\(path)/stop?from=manage\" "
            html += "data-sure aria-label=\"\(words.stop): \(machine), \(owner)\">\(words.stop)</button>"
        }
        return html + "</div></td></tr>\n"
    }

    private static func cell(_ label: String, _ value: String?) -> String {
        value == nil ? "<td class=\"none\">–</td>" : "<td data-label=\"\(label)\">\(value ?? "")</td>"
    }
}

/// The words of a row, escaped once.
struct RowWords: Sendable {
    let owner, state, host, since, until, connect, stop, forever: String

    init(_ texts: Texts) {
        func word(_ key: String) -> String { HTML.escape(texts("manage.\(key)")) }
        owner = word("owner")
        state = word("state")
        host = word("host")
        since = word("since")
        until = word("until")
        connect = word("connect")
        stop = word("stop")
        forever = word("forever")
    }
}
