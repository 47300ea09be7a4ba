import Domain
import Queue

/// The parts of a session's page that its events change, each as the HTML inside its region (`data-region`).
extension Pages {
    typealias Regions = [(name: String, html: String)]

    /// What a page shows of a session. A page that is open, or of a session that has ended, has parts that no event brings:
    /// the page is loaded for them.
    static func view(of session: Session) -> String {
        if session.isOpen { return "open-\(session.expiresAt ?? 0)" }
        return session.state == .ended ? "ended" : "plain"
    }

    static func cssClass(of session: Session) -> String { session.isOpen ? "ready" : session.state.rawValue }

    /// What brings the page up to date, for its event.
    func update(_ report: SessionReport) -> PageUpdate {
        let session = report.session
        let story = story(of: report)
        var regions = regions(of: report, story: story)
        let view = Self.view(of: session)
        if view == "plain" {
            regions += ["open", "until", "share", "took"].map { ($0, "") }
        } else if view == "ended" {
            regions.removeAll { $0.name == "lead" }
        }
        regions.append(("headline", HTML.escape(story.headline)))
        return PageUpdate(
            view: view, cssClass: Self.cssClass(of: session), title: story.headline,
            regions: Dictionary(regions, uniquingKeysWith: { _, last in last }))
    }

    func story(of report: SessionReport) -> SessionStatusText {
        var story = SessionStatusText(
            of: report.session, position: report.position, blocker: report.wait.blocker, notices: report.wait.notices,
            texts: texts)
        let session = report.session
        if session.isOpen, session.displayURL.flatMap({ DisplayLink.webSocket(base: $0) }) == nil {
            story.lead = [texts("session.noDisplay")]
        }
        return story
    }

    func regions(of report: SessionReport, story: SessionStatusText) -> Regions {
        let session = report.session
        let isOnItsWay = !session.isSettled && [.queued, .starting, .running].contains(session.state)
        let list = "<ol class=\"steps\" aria-label=\"\(HTML.escape(texts("session.steps")))\">\n"
        return [
            ("lead", story.lead.map { "<p>\(HTML.escape($0))</p>" }.joined()),
            ("steps", isOnItsWay ? list + steps(of: session, times: report.times) + "</ol>" : ""),
            ("mail", mail(of: session).map { "<p class=\"hint\">\(HTML.escape($0))</p>" } ?? ""),
            ("facts", facts(session)), ("stop", stopForm(of: session)),
        ]
    }

    func steps(of session: Session, times: StepTimes) -> String {
        Timeline(of: session, times: times).entries.map { entry in
            let title = HTML.escape(texts.title(of: entry.step))
            let spoken = HTML.escape(texts("session.step.\(entry.kind.rawValue)"))
            let time = HTML.escape(entry.took.map { texts.elapsed(milliseconds: $0) } ?? "")
            return """
                <li class="step \(entry.kind.rawValue)"><span class="step-mark" aria-hidden="true"></span>\
                <span class="step-title">\(title)</span><span class="hidden">\(spoken)</span>\
                <span class="step-time">\(time)</span></li>

                """
        }.joined()
    }

    /// What came of the boot scripts, one a line.
    private func scripts(of session: Session) -> String {
        if session.scripts.isEmpty {
            let key = session.state == .ended ? "session.script.silent" : "session.script.waits"
            return HTML.escape(texts(key))
        }
        return session.scripts.map { result in
            let values = [
                "number": "\(result.number)", "count": "\(result.count)", "code": "\(result.code)",
            ]
            let text = texts(result.code == 0 ? "session.script.done" : "session.script.failed", values)
            let line = result.lastLine.isEmpty ? "" : "<br><code>\(HTML.escape(result.lastLine))</code>"
            return HTML.escape(text) + line
        }.joined(separator: "<br>")
    }

    private func facts(_ session: Session) -> String {
        let request = session.request
        var facts: [(String, String)] = [
            (
                "size",
                HTML.escape(
                    texts.count("unit.processors", request.cpu) + ", " + texts.memory(mib: request.memoryMiB)
                        + (request.resources.gpu > 0 ? ", " + texts.count("amount.gpu", request.resources.gpu) : ""))
            )
        ]
        if let host = session.hostName { facts.append(("host", HTML.escape(host))) }
        if let accelerator = session.accelerator {
            facts.append(
                ("accelerator", HTML.escape(texts.find("accelerator.\(accelerator)") ?? accelerator)))
        }
        facts.append(("owner", HTML.escape(request.owner.text)))
        if request.oneShot { facts.append(("oneshot", HTML.escape(texts("session.fact.yes")))) }
        if request.hasScript && (session.startedAt != nil || session.state != .ended) || !session.scripts.isEmpty {
            facts.append(("scripts", scripts(of: session)))
        }
        if !session.folders.isEmpty { facts.append(("folders", folders(of: session))) }
        if session.attempt > 1 { facts.append(("attempt", "\(session.attempt)")) }
        facts.append(("created", HTML.time(session.createdAt)))
        if let started = session.startedAt { facts.append(("started", HTML.time(started))) }
        if let ended = session.endedAt { facts.append(("ended", HTML.time(ended))) }
        facts.append(("id", "<code>\(session.id)</code>"))
        return facts.map { "<div><dt>\(HTML.escape(texts("session.fact.\($0.0)")))</dt><dd>\($0.1)</dd></div>" }
            .joined()
    }

    private func folders(of session: Session) -> String {
        session.folders.map { folder in
            let place = HostFolder.place(of: folder.tag)
            if let why = folder.problem {
                return texts("session.folder.missing", ["place": place, "why": why])
            }
            return texts(folder.isReadOnly ? "form.folder.reads" : "form.folder.writes", ["place": place])
        }.map(HTML.escape).joined(separator: "<br>")
    }

    /// Whether the mail with the link went out, and if not, why.
    private func mail(of session: Session) -> String? {
        guard let mail = session.mail, session.state != .ended else { return nil }
        return mail == "sent"
            ? texts("session.mail.sent", ["address": session.request.email ?? ""])
            : texts("session.mail.failed", ["why": mail])
    }

    private func stopForm(of session: Session) -> String {
        let key: String
        switch session.state {
        case .queued: key = "session.cancel"
        case .starting where !session.stopRequested, .running, .lost: key = "session.stop"
        case .starting, .stopping, .ended: return ""
        }
        // Nothing is lost by what never ran.
        let asks = session.state == .running || session.state == .lost ? " data-sure" : ""
        return """
            <form method="post" action="\(path(of: session.id))/stop"><input type="hidden" name="csrf" \
            value="\(currentUser.formToken)"><p id="stop-note">\(HTML.escape(texts("\(key).note")))</p><button \
            class="button danger" id="stop" type="submit"\(asks) aria-describedby="stop-note">\(HTML.escape(texts(key)))\
            </button></form>
            """
    }
}

extension Pages {
    /// Asks whether a session's machine is to be discarded, where no script has asked.
    /// - Parameters:
    ///   - list: The list whose button was pressed.
    ///   - back: Where to go if not.
    func stop(_ session: Session, from list: String?, back: String) -> String {
        render(
            "stop",
            [
                "machine": session.request.machineTitle, "owner": session.request.owner.text, "back": back,
                "action": path(of: session.id) + "/stop" + (list.map { "?from=\(Self.encode($0))" } ?? ""),
            ])
    }
}

/// What brings a page that is open up to date.
struct PageUpdate: Encodable, Hashable, Sendable {
    var view: String
    var cssClass: String
    var title: String
    /// HTML by the name of the region that it stands in.
    var regions: [String: String]

    private enum CodingKeys: String, CodingKey {
        case view, title, regions
        case cssClass = "class"
    }
}
