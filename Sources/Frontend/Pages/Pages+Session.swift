import Domain
import Queue

/// Everything that a session's page shows.
struct SessionReport: Sendable {
    var session: Session
    var times = StepTimes()
    /// The last event of its log that is shown.
    var lastEvent = EventID.zero
    var position: Int?
    /// Matters to a session that waits only.
    var wait = WaitReason()
    var connectURL: String?
    /// The WebSocket at which its exchange folder is reached, and the token for it; nil for none.
    var files: (display: String, token: String)?
    /// The host on which alone the display can be opened, if that is not where the reader is.
    var displayOnlyOn: String?
    /// Milliseconds since the epoch.
    var now: Int64
}

/// Why a session that waits can't start at the moment.
struct WaitReason: Sendable {
    var blocker: Placement.Blocker?
    /// What hosts that can start nothing say themselves.
    var notices: [String] = []
}

extension Pages {
    func session(_ report: SessionReport) -> String {
        let session = report.session
        let story = story(of: report)
        let path = path(of: session.id)
        var model: Templates.Model = [
            "class": Self.cssClass(of: session), "view": Self.view(of: session), "headline": story.headline,
            "url": path,
            "machine": session.request.machineTitle, "nowMs": "\(report.now)",
            "events": session.state == .ended ? "" : "\(path)/events?after=\(report.lastEvent)",
            "steps": steps(of: session, times: report.times),
        ]
        for (name, html) in regions(of: report, story: story) { model["\(name)HTML"] = html }
        if let seconds = session.secondsToReload(isBlocked: report.wait.blocker != nil) {
            model["refresh"] = "\(seconds)"
        }
        if session.isOpen, session.desktop == .there, let total = report.times.total {
            model["took"] = texts("session.took", ["time": texts.elapsed(milliseconds: total)])
        }
        if let url = report.connectURL {
            model["connectURL"] = url
            model["openNote"] = texts(session.request.oneShot ? "session.connect.oneshot" : "session.connect.note")
            // A one-shot session ends with its viewer, so there is nothing to share.
            if !session.request.oneShot, let code = QRCode(url) {
                model["share"] = true
                model["onlyHere"] = Self.leadsOnlyHere(url)
                model["qrBox"] = code.width + 8
                model["qrPath"] = code.path
            }
        }
        if let files = report.files {
            model["filesDisplay"] = files.display
            model["filesToken"] = files.token
        }
        if let host = report.displayOnlyOn { model["displayOnlyOn"] = texts("session.display.here", ["host": host]) }
        addEnd(of: session, now: report.now, to: &model)
        if session.state == .ended {
            model["ended"] = texts("state.ended")
            model["another"] = "\(address.base)/?machine=\(Self.encode(session.request.machine))"
        }
        return render("session", model)
    }

    /// Whether a link leads to this computer for whoever follows it. The token behind its `#` is no part of the address.
    static func leadsOnlyHere(_ link: String) -> Bool {
        URLParts(String(link.prefix { $0 != "#" }))?.authority?.leadsOnlyHere == true
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
        if let seconds = longestExtension(of: session) {
            model["extend"] = texts("session.extend", ["time": texts.duration(seconds: seconds)])
        }
    }

    /// Seconds by which a session may be prolonged now: a day, or what its limit leaves, or nil.
    func longestExtension(of session: Session) -> Int? {
        guard let end = session.expiresAt, let start = session.startedAt else { return nil }
        let limit = options.limits.lifetimeSeconds
        if limit == 0 { return Self.day }
        let rest = limit - Int((end - start) / 1000)
        // Less than a minute is not worth a button.
        return rest >= 60 ? min(rest, Self.day) : nil
    }

    static let day = 86_400

    /// A query's value.
    static func encode(_ text: String) -> String {
        PercentEncoding.encoded(text)
    }
}
