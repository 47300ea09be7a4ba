import Domain
import Queue

/// Everything that a session's page shows.
struct SessionReport: Sendable {
    var session: Session
    var events: [SessionEvent] = []
    var position: Int?
    /// Why a session that waits can't start at the moment; matters to a waiting one only.
    var obstacle: Placement.Obstacle?
    /// What hosts that can start nothing say themselves.
    var notices: [String] = []
    var connectURL: String?
    /// Milliseconds since the epoch.
    var now: Int64
}

extension Pages {
    func session(_ report: SessionReport) -> String {
        let session = report.session
        let story = SessionStory(
            of: session, position: report.position, obstacle: report.obstacle, notices: report.notices, texts: texts)
        let timeline = Timeline(of: session, events: report.events)
        let path = path(of: session.id)
        var model: Templates.Model = [
            "state": session.isOpen ? "ready" : session.state.rawValue, "headline": story.headline, "url": path,
            "machine": session.request.machine, "lead": story.lead, "nowMs": "\(report.now)",
            "events": session.state == .ended ? "" : "\(path)/events?after=\(report.events.last?.id ?? "0")",
            "steps": steps(timeline),
            "showSteps": !session.isSettled && [.queued, .starting, .running].contains(session.state),
            "facts": facts(session),
        ]
        if let seconds = session.secondsToReload(isBlocked: report.obstacle != nil) { model["refresh"] = "\(seconds)" }
        if session.isOpen, let total = timeline.total {
            model["took"] = texts("session.took", ["time": texts.elapsed(milliseconds: total)])
        }
        if let url = report.connectURL {
            model["connectURL"] = url
            model["openNote"] = texts(session.request.oneShot ? "session.connect.oneshot" : "session.connect.note")
            // A one-shot session ends with its viewer, so there is nothing to share.
            if !session.request.oneShot, let code = QRCode(url) {
                model["share"] = true
                model["onlyHere"] = Self.isLoopback(url)
                model["qrBox"] = code.width + 8
                model["qrPath"] = code.path
            }
        } else if session.isOpen {
            model["lead"] = [texts("session.noDisplay")]
        }
        addMail(of: session, to: &model)
        addEnd(of: session, now: report.now, to: &model)
        addStop(of: session, to: &model)
        if session.state == .ended {
            model["ended"] = texts("state.ended")
            model["another"] = "\(address.base)/?machine=\(Self.encode(session.request.machine))"
        }
        return render("session", model)
    }

    private func steps(_ timeline: Timeline) -> [Templates.Model] {
        timeline.entries.map { entry in
            [
                "kind": entry.kind.rawValue, "title": SessionStory.title(of: entry.step, texts: texts),
                "spoken": texts("session.step.\(entry.kind.rawValue)"),
                "time": entry.took.map { texts.elapsed(milliseconds: $0) } ?? "",
            ]
        }
    }

    private func facts(_ session: Session) -> [Templates.Model] {
        let request = session.request
        var facts: [(String, String)] = [
            (
                "size",
                HTML.escape(texts.count("unit.processors", request.cpu) + ", " + texts.memory(mib: request.memoryMiB))
            )
        ]
        if let host = session.hostName { facts.append(("host", HTML.escape(host))) }
        if let accelerator = session.accelerator {
            facts.append(
                ("accelerator", HTML.escape(texts.find("accelerator.\(accelerator)") ?? accelerator)))
        }
        facts.append(("owner", HTML.escape(request.owner.text)))
        if request.oneShot { facts.append(("oneshot", HTML.escape(texts("session.fact.yes")))) }
        if session.attempt > 1 { facts.append(("attempt", "\(session.attempt)")) }
        facts.append(("created", HTML.time(session.createdAt)))
        if let started = session.startedAt { facts.append(("started", HTML.time(started))) }
        if let ended = session.endedAt { facts.append(("ended", HTML.time(ended))) }
        facts.append(("id", "<code>\(session.id)</code>"))
        return facts.map { ["name": texts("session.fact.\($0.0)"), "value": $0.1] }
    }

    /// Whether the mail with the link went out, and if not, why.
    private func addMail(of session: Session, to model: inout Templates.Model) {
        guard let mail = session.mail, session.state != .ended else { return }
        model["mail"] =
            mail == "sent"
            ? texts("session.mail.sent", ["address": session.request.email ?? ""])
            : texts("session.mail.failed", ["why": mail])
    }

    private func addEnd(of session: Session, now: Int64, to model: inout Templates.Model) {
        guard session.isOpen else { return }
        guard let end = session.expiresAt else {
            model["forever"] = texts("session.forever")
            return
        }
        model["until"] = true
        model["untilTime"] = HTML.time(end)
        model["untilMs"] = "\(end)"
        model["left"] = texts("session.left", ["time": texts.duration(seconds: Int(max(end - now, 0) / 1000))])
        if let seconds = prolongation(of: session) {
            model["extend"] = texts("session.extend", ["time": texts.duration(seconds: seconds)])
        }
    }

    /// Seconds by which a session may be prolonged now: a day, or what its limit leaves, or nil.
    func prolongation(of session: Session) -> Int? {
        guard let end = session.expiresAt, let start = session.startedAt else { return nil }
        let limit = options.limits.lifetimeSeconds
        if limit == 0 { return Self.day }
        let rest = limit - Int((end - start) / 1000)
        // Less than a minute is not worth a button.
        return rest >= 60 ? min(rest, Self.day) : nil
    }

    static let day = 86_400

    private func addStop(of session: Session, to model: inout Templates.Model) {
        switch session.state {
        case .queued:
            model["stop"] = texts("session.cancel")
            model["stopNote"] = texts("session.cancel.note")
        case .starting where !session.stopRequested, .running, .lost:
            model["stop"] = texts("session.stop")
            model["stopNote"] = texts("session.stop.note")
        case .starting, .stopping, .ended:
            break
        }
    }

    private static func isLoopback(_ url: String) -> Bool {
        let host = url.split(separator: "://", maxSplits: 1).last?.prefix { $0 != "/" } ?? ""
        return host.hasPrefix("127.") || host.hasPrefix("localhost") || host.hasPrefix("[::1]")
    }

    /// A query's value.
    static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            if FieldReader.isOfName(byte), byte != UInt8(ascii: "@") {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                encoded += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}
