package import Domain

/// Sessions and hosts of one moment as a page in one file: it has its style within it, no script, no link and no secret.
package struct StatusPage: Sendable {
    private let pages: Pages

    /// - Parameter version: The program's, for the page's foot.
    package init(version: String) throws { pages = try Pages(options: FrontendOptions(version: version)) }

    /// - Parameters:
    ///   - sessions: Those that live.
    ///   - at: When it was so, in milliseconds since the epoch.
    package func html(sessions: [Session], hosts: [Host], at: Int64) -> String {
        let states = Dictionary(sessions.map { ($0.state, 1) }, uniquingKeysWith: +)
        let words = RowWords(pages.texts)
        return pages.render(
            "status",
            [
                // Its own words, in which nothing ends the element.
                "style": String(decoding: PackageResources.style_css, as: UTF8.self),
                "totals": pages.totals(states, hosts), "at": HTML.time(at), "hasSessions": !sessions.isEmpty,
                "sessions": sessions.map { row($0, words) }.joined(), "hosts": pages.hostCards(hosts),
            ])
    }

    private func row(_ session: Session, _ words: RowWords) -> String {
        let detail = session.detail.map { "<small>\(HTML.escape(pages.texts.detail($0)))</small>" } ?? ""
        let state = HTML.escape(SessionStatusText.stateWord(of: session, texts: pages.texts))
        let end = session.state == .running ? session.expiresAt.map(HTML.time) ?? words.forever : "–"
        let cells = [
            (words.owner, HTML.escape(session.request.owner.text)),
            (words.state, "<span class=\"state \(session.state.rawValue)\">\(state)</span>\(detail)"),
            (words.host, session.hostName.map(HTML.escape) ?? "–"),
            (words.since, HTML.time(session.startedAt ?? session.createdAt)), (words.until, end),
        ]
        let html = cells.map { "<td data-label=\"\($0.0)\">\($0.1)</td>" }.joined()
        return "<tr><th scope=\"row\">\(HTML.escape(session.request.machineTitle))</th>\(html)</tr>\n"
    }
}
