import Machines

/// Who looks at which published display, and which one-shot session has been left by its viewers.
///
/// A one-shot session ends when its viewer has left, which is not the moment in which a connection breaks: a page is loaded
/// again, a network changes. So there is a grace in which a viewer may come back. Knows no time and no files.
struct ViewerWatch {
    /// The last viewer of a one-shot session has left for the `number`th time.
    struct Departure: Sendable, Hashable {
        var token: String
        var number: Int
    }

    private struct Published {
        let machine: MachineRef
        let oneShot: Bool
        /// Whether somebody has ever seen it.
        var hadViewer: Bool
        var departures = 0
    }

    private var published: [String: Published] = [:]
    /// What the gateway says, also of displays that are not published again yet.
    private var watched: Set<String> = []
    private var left: Set<String> = []
    private var isKnown = false

    /// The machine whose display a token opens.
    func machine(_ token: String) -> MachineRef? { published[token]?.machine }

    /// A display can be reached from now on, or still can.
    /// - Parameter hadViewer: Whether an earlier worker knew of a viewer.
    mutating func publish(_ token: String, _ machine: MachineRef, oneShot: Bool, hadViewer: Bool) -> [Departure] {
        if published[token] != nil { return [] }
        let hadViewer = hadViewer || watched.contains(token) || left.contains(token)
        published[token] = Published(machine: machine, oneShot: oneShot, hadViewer: hadViewer)
        return isKnown ? departures([token]) : []
    }

    mutating func withdraw(_ token: String) {
        published[token] = nil
        watched.remove(token)
        left.remove(token)
    }

    /// - Returns: Those who are waited for from now on.
    mutating func take(_ change: ViewerChange) -> [Departure] {
        switch change {
        case .watched(let token):
            left.remove(token)
            watched.insert(token)
            published[token]?.hadViewer = true
            return []
        case .left(let token):
            watched.remove(token)
            left.insert(token)
            published[token]?.hadViewer = true
            return isKnown ? departures([token]) : []
        case .known:
            isKnown = true
            return departures(Array(published.keys))
        case .unknown:
            isKnown = false
            watched = []
            left = []
            return []
        }
    }

    /// Whether it needs to be noted that a display had a viewer, for who comes after us.
    func isNews(_ change: ViewerChange) -> MachineRef? {
        switch change {
        case .watched(let token), .left(let token):
            guard let display = published[token], display.oneShot, !display.hadViewer else { return nil }
            return display.machine
        case .known, .unknown: return nil
        }
    }

    /// The grace of a departure is over.
    /// - Returns: The machine whose viewer has not come back; nil too where nobody knows.
    func deserted(_ departure: Departure) -> MachineRef? {
        guard isKnown, let display = published[departure.token], display.departures == departure.number,
            !watched.contains(departure.token)
        else { return nil }
        return display.machine
    }

    private mutating func departures(_ tokens: [String]) -> [Departure] {
        tokens.compactMap { token in
            guard let display = published[token], display.oneShot, display.hadViewer, !watched.contains(token) else {
                return nil
            }
            published[token]?.departures += 1
            return Departure(token: token, number: display.departures + 1)
        }
    }
}
