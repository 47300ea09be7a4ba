import Domain
import Queue

/// Everything that the manage page shows.
struct Overview: Sendable {
    var sessions: [Session]
    /// Live sessions in all, of which `sessions` may be a part.
    var states: [SessionState: Int]
    var ended: [Session]
    var hosts: [Host]
    var cookie = BrowserCookie()
}

extension Pages {
    /// Rows of the table: more than anybody reads, and little enough for a browser.
    static let mostRows = 1000

    func manage(_ overview: Overview) -> String {
        let all = max(overview.states.values.reduce(0, +), overview.sessions.count)
        let shown = overview.sessions
        var totals: [Templates.Model] = []
        func total(_ key: String, _ value: String) {
            totals.append(["name": texts("manage.total.\(key)"), "value": value])
        }
        total("running", "\(overview.states[.running, default: 0])")
        total("waiting", "\(overview.states[.queued, default: 0])")
        if let lost = overview.states[.lost], lost > 0 { total("attention", "\(lost)") }
        total("hosts", "\(overview.hosts.count { $0.alive })")
        var model: Templates.Model = [
            "totals": totals, "hasSessions": !shown.isEmpty, "sessions": Self.seam,
            "hosts": hostCards(overview.hosts), "hasEnded": !overview.ended.isEmpty,
            "ended": overview.ended.map { endedRow($0) }.joined(),
        ]
        if all > shown.count {
            model["sessionsNote"] = texts("manage.more", ["shown": "\(shown.count)", "all": "\(all)"])
        }
        let frame = render("manage", model)
        guard let seam = frame.firstRange(of: Self.seam) else { return frame }
        var page = ""
        page.reserveCapacity(frame.utf8.count + shown.count * 1024)
        page += frame[..<seam.lowerBound]
        appendRows(shown, cookie: overview.cookie, to: &page)
        page += frame[seam.upperBound...]
        return page
    }

    /// Where the rows go. They may be most of a megabyte, which no template should pass from hand to hand.
    private static let seam = "\u{0}rows\u{0}"

    /// What decides a row's place: lost sessions first, then those that wait in their order, those on their way, and the
    /// running ones by their end.
    private struct Urgency: Comparable {
        let rank: Int
        let end: Int64
        let place: Int

        init(_ session: Session, place: Int) {
            rank =
                switch session.state {
                case .lost: 0
                case .queued: 1
                case .starting: 2
                case .stopping: 3
                case .running: 4
                case .ended: 5
                }
            end = session.state == .running ? session.expiresAt ?? .max : 0
            // The newest come first, and the oldest have waited longest.
            self.place = -place
        }

        static func < (left: Self, right: Self) -> Bool {
            (left.rank, left.end, left.place) < (right.rank, right.end, right.place)
        }
    }

    /// All rows. There may be a thousand, so this is no template's work.
    private func appendRows(_ sessions: [Session], cookie: BrowserCookie, to html: inout String) {
        let words = RowWords(texts)
        let mine = Set(cookie.sessions)
        for urgency in sessions.enumerated().map({ Urgency($1, place: $0) }).sorted() {
            let session = sessions[-urgency.place]
            let isMine =
                !mine.isEmpty && mine.contains(session.id)
                || !cookie.user.isEmpty && cookie.user == session.request.owner
            append(session, isMine: isMine, words: words, to: &html)
        }
    }

    private func append(_ session: Session, isMine: Bool, words: RowWords, to html: inout String) {
        let path = path(of: session.id)
        let machine = HTML.escape(session.request.machine)
        let owner = HTML.escape(session.request.owner)
        html += "<tr id=\"s-\(session.id)\"><th scope=\"row\"><a href=\"\(path)\">\(machine)</a>"
        if isMine { html += "<span class=\"tag\">\(words.yours)</span>" }
        html += "</th><td data-label=\"\(words.owner)\">\(owner)</td><td data-label=\"\(words.state)\">"
        html += "<span class=\"state \(session.state.rawValue)\">"
        html += HTML.escape(SessionStory.stateWord(of: session, texts: texts)) + "</span>"
        if let detail = session.detail { html += "<small>\(HTML.escape(detail))</small>" }
        html += "</td>"
        append(words.host, session.host.map(HTML.escape), to: &html)
        append(words.since, HTML.time(session.startedAt ?? session.createdAt), to: &html)
        append(
            words.until, session.state == .running ? session.expiresAt.map(HTML.time) ?? words.forever : nil, to: &html)
        html += "<td class=\"actions\"><div>"
        if session.isOpen {
            let label = "\(words.connect): \(machine), \(owner)"
            html += "<a class=\"button small\" href=\"\(path)/connect\" aria-label=\"\(label)\">\(words.connect)</a>"
        }
        if session.state != .stopping {
            let label = "\(words.stop): \(machine), \(owner)"
            html += "<form method=\"post\" action=\"\(path)/stop?from=manage\">"
            html +=
                "<button class=\"button small danger\" type=\"submit\" data-sure aria-label=\"\(label)\">\(words.stop)</button></form>"
        }
        html += "</div></td></tr>\n"
    }

    private func append(_ label: String, _ value: String?, to html: inout String) {
        html += value == nil ? "<td class=\"none\">–</td>" : "<td data-label=\"\(label)\">\(value ?? "")</td>"
    }

    private func endedRow(_ session: Session) -> String {
        let reason = SessionStory.sentence(for: session.reason, texts: texts) ?? ""
        return """
            <li id="e-\(session.id)"><a href="\(path(of: session.id))">\(HTML.escape(session.request.machine))</a> \
            <span>\(HTML.escape(session.request.owner))</span> <span>\(HTML.escape(reason))</span> \
            \(session.endedAt.map(HTML.time) ?? "")</li>

            """
    }
}

/// The words of a row, escaped once.
private struct RowWords {
    let owner, state, host, since, until, connect, stop, yours, forever: String

    init(_ texts: Texts) {
        func word(_ key: String) -> String { HTML.escape(texts("manage.\(key)")) }
        owner = word("owner")
        state = word("state")
        host = word("host")
        since = word("since")
        until = word("until")
        connect = word("connect")
        stop = word("stop")
        yours = word("yours")
        forever = word("forever")
    }
}
