import Domain
import Queue

extension Session {
    /// Whether its desktop can be opened now.
    var isOpen: Bool { state == .running && displayReady && !stopRequested }

    /// Whether nothing will change by itself within seconds.
    var isSettled: Bool { isOpen || state == .ended }

    /// When a page without JavaScript loads itself again; nil for never.
    ///
    /// Each time takes whoever uses the keyboard back to the top of the page, so it is often only on the way to the desktop.
    /// - Parameter isBlocked: Whether nothing would start it at the moment.
    func secondsToReload(isBlocked: Bool) -> Int? {
        switch state {
        case .queued where !isBlocked && !stopRequested, .starting where !stopRequested: 1
        case .running where !stopRequested: displayReady ? 30 : 1
        case .queued, .starting, .running, .stopping, .lost: 10
        case .ended: nil
        }
    }
}

/// What a session's page says about it, in words for the person who waits for it.
struct SessionStatusText: Sendable, Hashable {
    var headline: String
    /// Paragraphs below the headline.
    var lead: [String]

    /// - Parameters:
    ///   - position: Its place in the queue.
    ///   - blocker: Why it can't start at the moment; matters to a waiting session only.
    ///   - notices: What hosts that can start nothing say themselves.
    init(
        of session: Session, position: Int?, blocker: Placement.Blocker? = nil, notices: [String] = [], texts: Texts
    ) {
        lead = []
        switch session.state {
        case .queued:
            headline = Self.queued(session, position: position, texts: texts)
            if session.attempt > 0, let detail = session.detail {
                lead.append(texts("session.queued.attempt", ["detail": texts.detail(detail)]))
            }
            switch blocker {
            case .noHost:
                lead.append(texts("session.queued.noHost"))
            case .host(let verdict) where verdict.verdict.isProblem:
                lead += [texts("session.queued.trouble")] + notices
            case .host(let verdict) where verdict.verdict.isForEver:
                headline = texts("session.queued.stuck")
                lead += blocker?.sentences(texts) ?? []
            case let blocker?:
                lead += blocker.sentences(texts) + [texts("session.queued.lead")]
            case nil:
                lead.append(texts("session.queued.lead"))
            }
        case .starting where session.stopRequested:
            headline = texts("session.stopping")
            lead = [texts("session.cancelling.lead")]
        case .starting, .running:
            if session.isOpen {
                lead = session.detail.map { [texts.detail($0)] } ?? []
                switch session.desktop {
                case .there: headline = texts("session.ready")
                case .comes(let usually):
                    headline = texts("session.comes")
                    lead.append(texts("session.comes.lead"))
                    if let usually {
                        lead.append(
                            texts(
                                "session.comes.usually",
                                ["time": texts.elapsed(milliseconds: Int(usually / .milliseconds(1)))]))
                    }
                }
            } else {
                let step = session.step ?? .claim
                headline = texts(
                    "session.starting",
                    [
                        "step": texts.title(of: step).lowercasedFirst, "number": "\(step.number)",
                        "total": "\(SessionStep.allCases.count)",
                    ])
                lead = session.detail.map { [texts.detail($0)] } ?? []
            }
        case .stopping:
            headline = texts("session.stopping")
            lead = [texts("session.stopping.lead")]
        case .lost:
            headline = texts("session.lost")
            lead = [texts("session.lost.lead", ["host": session.hostName ?? "?"]), texts("session.lost.then")]
            if let detail = session.detail { lead.insert(texts.detail(detail), at: 1) }
        case .ended:
            headline = session.reason.map(texts.sentence) ?? texts("state.ended")
            lead = [session.detail.map(texts.detail)].compactMap { $0 }
        }
    }

    private static func queued(_ session: Session, position: Int?, texts: Texts) -> String {
        switch position {
        case nil: texts("session.queued.retry")
        case 1: texts("session.queued.next")
        case .some(let place): texts("session.queued.place", ["place": "\(place)"])
        }
    }

    /// The state in a word or two, for lists.
    static func stateWord(of session: Session, texts: Texts) -> String {
        let isOpening = session.state == .running && !session.displayReady
        return texts(isOpening ? "state.opening" : "state.\(session.state.rawValue)")
    }
}

extension String {
    fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
