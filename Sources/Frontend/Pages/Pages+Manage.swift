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
    /// An event that the rows are not older than.
    var after = EventID.zero
}

extension Pages {
    /// Rows of the table: more than anybody reads, and little enough for a browser.
    static let mostRows = 1000

    func manage(_ overview: Overview) -> String {
        let rows = overview.rows
        let all = max(overview.states.values.reduce(0, +), rows.count)
        var model: Templates.Model = [
            "totals": totals(overview.states, overview.hosts), "sessions": Self.placeholder,
            "hasSessions": !rows.isEmpty, "mostRows": "\(Self.mostRows)",
            "live": "\(address.base)/\(overview.isAdministration ? "admin" : "manage")/events?after=\(overview.after)",
            // The page is compressed.
            "csrf": MaskedFormToken.mask(currentUser.formToken),
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
        guard let placeholder = frame.firstRange(of: Self.placeholder) else { return frame }
        var page = ""
        page.reserveCapacity(frame.utf8.count + rows.count * 1024)
        page += frame[..<placeholder.lowerBound]
        appendRows(rows, cookie: overview.cookie, to: &page)
        page += frame[placeholder.upperBound...]
        return page
    }

    /// Where the rows go. They may be most of a megabyte, which no template should pass from hand to hand.
    private static let placeholder = "\u{0}rows\u{0}"

    private func appendRows(_ rows: [SessionRow], cookie: BrowserCookie, to html: inout String) {
        for row in rows.sorted(by: { $0.order < $1.order }) { html += self.html(of: row, cookie: cookie) }
    }

    /// A row as somebody sees it.
    /// - Parameter cookie: Says which ones are marked as theirs.
    func html(of row: SessionRow, cookie: BrowserCookie) -> String {
        let isMine =
            cookie.sessions.contains(row.id) || !cookie.user.isEmpty && cookie.user.hasBytes(of: row.owner.text)
        let tag = isMine ? "<span class=\"tag\">\(HTML.escape(texts("manage.yours")))</span>" : ""
        return row.head + tag + row.tail
    }

    /// The numbers at the head of the page, for those whom they concern.
    func totals(_ states: [SessionState: Int], _ hosts: [Host]?) -> String {
        guard let hosts else { return "" }
        var totals = [("running", states[.running, default: 0]), ("waiting", states[.queued, default: 0])]
        if let lost = states[.lost], lost > 0 { totals.append(("attention", lost)) }
        totals.append(("hosts", hosts.count { $0.alive }))
        return totals.map { name, number in
            "<div><dt>\(HTML.escape(texts("manage.total.\(name)")))</dt><dd>\(number)</dd></div>"
        }.joined()
    }

    /// A line of those that have ended.
    func endedRow(_ session: Session) -> String {
        let reason = session.reason.map(texts.sentence) ?? ""
        return """
            <li id="e-\(session.id)"><a href="\(path(of: session.id))">\(HTML.escape(session.request.machine))</a> \
            <span>\(HTML.escape(session.request.owner.text))</span> <span>\(HTML.escape(reason))</span> \
            \(session.endedAt.map(HTML.time) ?? "")</li>

            """
    }
}
