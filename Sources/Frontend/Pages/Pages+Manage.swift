import Domain
import Queue

/// Everything that the manage page shows.
struct Overview: Sendable {
    /// The newest first.
    var rows: [SessionRow]
    /// Live sessions in all, of which `rows` may be a part.
    var states: [SessionState: Int]
    var ended: [Session]
    /// Nil for somebody whom they do not concern.
    var hosts: [Host]?
    /// Whether everything may be stopped from here.
    var isAdministration = false
    var cookie = BrowserCookie()
}

extension Pages {
    /// Rows of the table: more than anybody reads, and little enough for a browser.
    static let mostRows = 1000

    func manage(_ overview: Overview) -> String {
        let rows = overview.rows
        let all = max(overview.states.values.reduce(0, +), rows.count)
        var totals: [Templates.Model] = []
        func total(_ key: String, _ value: String) {
            totals.append(["name": texts("manage.total.\(key)"), "value": value])
        }
        if let hosts = overview.hosts {
            total("running", "\(overview.states[.running, default: 0])")
            total("waiting", "\(overview.states[.queued, default: 0])")
            if let lost = overview.states[.lost], lost > 0 { total("attention", "\(lost)") }
            total("hosts", "\(hosts.count { $0.alive })")
        }
        var model: Templates.Model = [
            "totals": totals, "hasSessions": !rows.isEmpty, "sessions": Self.seam,
            "hasHosts": overview.hosts != nil, "hosts": hostCards(overview.hosts ?? []),
            "isAdministration": overview.isAdministration,
            "heading": texts(overview.hosts == nil ? "manage.own" : "manage.heading"),
            "hasEnded": !overview.ended.isEmpty,
            "ended": overview.ended.map { endedRow($0) }.joined(),
        ]
        if all > rows.count {
            model["sessionsNote"] = texts("manage.more", ["shown": "\(rows.count)", "all": "\(all)"])
        }
        let frame = render("manage", model)
        guard let seam = frame.firstRange(of: Self.seam) else { return frame }
        var page = ""
        page.reserveCapacity(frame.utf8.count + rows.count * 1024)
        page += frame[..<seam.lowerBound]
        appendRows(rows, cookie: overview.cookie, to: &page)
        page += frame[seam.upperBound...]
        return page
    }

    /// Where the rows go. They may be most of a megabyte, which no template should pass from hand to hand.
    private static let seam = "\u{0}rows\u{0}"

    /// What needs attention comes first; among equals the oldest, which has waited longest.
    private func appendRows(_ rows: [SessionRow], cookie: BrowserCookie, to html: inout String) {
        let mine = Set(cookie.sessions)
        let tag = "<span class=\"tag\">\(HTML.escape(texts("manage.yours")))</span>"
        let order = rows.indices.sorted {
            (rows[$0].rank, rows[$0].end, -$0) < (rows[$1].rank, rows[$1].end, -$1)
        }
        for place in order {
            let row = rows[place]
            html += row.head
            if !mine.isEmpty && mine.contains(row.id)
                || !cookie.user.isEmpty && cookie.user.hasBytes(of: row.owner.text)
            {
                html += tag
            }
            html += row.tail
        }
    }

    private func endedRow(_ session: Session) -> String {
        let reason = SessionStory.sentence(for: session.reason, texts: texts) ?? ""
        return """
            <li id="e-\(session.id)"><a href="\(path(of: session.id))">\(HTML.escape(session.request.machine))</a> \
            <span>\(HTML.escape(session.request.owner.text))</span> <span>\(HTML.escape(reason))</span> \
            \(session.endedAt.map(HTML.time) ?? "")</li>

            """
    }
}
