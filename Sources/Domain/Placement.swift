/// Where a session could run, and why it can't elsewhere: the answer to "why does it wait?", without words.
package struct Placement: Sendable, Hashable {
    /// What one host says.
    package enum Verdict: Sendable, Hashable {
        case fits
        /// It has less than that in all.
        case tooSmall(Resource, needed: Int, there: Int)
        /// It lacks a tag: `machine:<name>`, `host:<id>`, or one of `worker.tags`.
        case lacks(String)
        /// It takes no new sessions by an administrator's wish.
        case draining
        case closed(HostClosure, busyPercent: Int)
        /// Too much of it is promised to others. `nextEnd`: time until a session there ends by its life-time.
        case full(Resource, needed: Int, free: Int, nextEnd: Duration?)
        /// An administrator works on the disk of this machine.
        case master(String)
        /// It keeps its room for one that has waited longer.
        case promised

        /// What the tag begins with that a host alone has.
        package static let hostPrefix = "host:"
    }

    package struct HostVerdict: Sendable, Hashable {
        package var host: String
        package var verdict: Verdict

        package init(host: String, verdict: Verdict) {
            self.host = host
            self.verdict = verdict
        }
    }

    /// Of the hosts that are not silent.
    package var hosts: [HostVerdict]
    /// Sessions that hold capacity, if these are as many as the farm may have.
    package var sessionsAtLimit: Int?

    package init(hosts: [HostVerdict], sessionsAtLimit: Int?) {
        self.hosts = hosts
        self.sessionsAtLimit = sessionsAtLimit
    }

    /// The one thing that stands in the way, of the host that is nearest to taking it; nil if one takes it.
    package enum Blocker: Sendable, Hashable {
        case noHost
        case farmIsFull(sessions: Int)
        case host(HostVerdict)
    }

    package var blocker: Blocker? {
        let best = hosts.min { $0.verdict.distance < $1.verdict.distance }
        // The end of another session would not help it.
        if let best, best.verdict.isForEver { return .host(best) }
        if let sessionsAtLimit { return .farmIsFull(sessions: sessionsAtLimit) }
        guard let best else { return .noHost }
        return best.verdict == .fits ? nil : .host(best)
    }
}

extension Placement.Verdict {
    /// Whether a session waits in vain, unless somebody changes something on the hosts.
    package var isForEver: Bool {
        switch self {
        case .lacks, .tooSmall: true
        case .fits, .draining, .closed, .full, .promised, .master: false
        }
    }

    /// How far the host is from taking the session: its kind first, then how much is missing there.
    fileprivate var distance: Double {
        switch self {
        case .fits: 0
        case .full(_, let needed, let free, _): 1 + Double(needed - free) / Double(max(1, needed))
        case .promised: 3
        case .master: 4
        case .closed(.load, _): 5
        case .closed: 6
        case .draining: 7
        case .tooSmall: 8
        case .lacks: 9
        }
    }
}
