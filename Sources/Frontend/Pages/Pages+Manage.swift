import Domain
import Queue

/// Everything that the manage page shows.
struct Overview: Sendable {
    var page: RowPage
    /// Live sessions in all.
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
    func manage(_ overview: Overview) -> String {
        let rows = overview.page.rows
        let list = "\(address.base)/\(overview.isAdministration ? "admin" : "manage")"
        var model: Templates.Model = [
            "totals": totals(overview.states, overview.hosts), "sessions": Self.placeholder,
            "hasSessions": !rows.isEmpty, "mostRows": "\(RowPage.size)", "isFixed": overview.page.hasNewer,
            "live": "\(list)/events?after=\(overview.after)",
            // The page is compressed.
            "csrf": MaskedFormToken.mask(currentUser.formToken),
            "hasHosts": overview.hosts != nil, "hosts": hostCards(overview.hosts ?? []),
            "isAdministration": overview.isAdministration,
            "heading": texts(overview.hosts == nil ? "manage.own" : "manage.heading"),
            "hasEnded": !overview.ended.isEmpty,
            "ended": overview.ended.map { endedRow($0) }.joined(),
        ]
        let page = overview.page
        if page.count > rows.count {
            model["sessionsNote"] = texts(
                "manage.page",
                ["first": "\(page.first)", "last": "\(page.first + rows.count - 1)", "all": "\(page.count)"])
            if page.hasNewer { model["newer"] = "\(list)?page=\(page.number - 1)" }
            if page.hasOlder { model["older"] = "\(list)?page=\(page.number + 1)" }
        }
        let frame = render("manage", model)
        guard let placeholder = frame.firstRange(of: Self.placeholder) else { return frame }
        var html = ""
        html.reserveCapacity(frame.utf8.count + rows.count * 1024)
        html += frame[..<placeholder.lowerBound]
        appendRows(rows, cookie: overview.cookie, to: &html)
        html += frame[placeholder.upperBound...]
        return html
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
            <li id="e-\(session.id)"><a href="\(path(of: session.id))">\(HTML.escape(session.request.machineTitle))</a> \
            <span>\(HTML.escape(session.request.owner.text))</span> <span>\(HTML.escape(reason))</span> \
            \(session.endedAt.map(HTML.time) ?? "")</li>

            """
    }
}
