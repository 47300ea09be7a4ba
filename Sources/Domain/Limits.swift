/// How much may be asked for. Zero always means without limit.
package struct Limits: Sendable, Hashable {
    /// Sessions that hold capacity at one time, of the whole farm. The next one waits.
    package var sessions: Int
    /// Live sessions of one person. The next one is refused.
    package var sessionsPerUser: Int
    /// Share of the farm's promised processors one person may hold, 0...1, the request counted in.
    package var cpuFractionPerUser: Double
    /// Share of the farm's promised memory one person may hold, 0...1, the request counted in.
    package var memoryFractionPerUser: Double
    /// Busy share of a host's processors above which it takes no further session, 0...1.
    package var load: Double
    /// Longest life of a session, in seconds.
    package var lifetimeSeconds: Int

    package init(
        sessions: Int, sessionsPerUser: Int, cpuFractionPerUser: Double, memoryFractionPerUser: Double, load: Double,
        lifetimeSeconds: Int
    ) {
        self.sessions = sessions
        self.sessionsPerUser = sessionsPerUser
        self.cpuFractionPerUser = cpuFractionPerUser
        self.memoryFractionPerUser = memoryFractionPerUser
        self.load = load
        self.lifetimeSeconds = lifetimeSeconds
    }

    package static let none = Limits(
        sessions: 0, sessionsPerUser: 0, cpuFractionPerUser: 0, memoryFractionPerUser: 0, load: 0, lifetimeSeconds: 0)

    /// The life a person gets who asks for `seconds`; zero asks for the longest.
    package func lifetime(asked seconds: Int) -> Int {
        if lifetimeSeconds == 0 { return seconds }
        return seconds == 0 ? lifetimeSeconds : min(seconds, lifetimeSeconds)
    }
}

/// A request that went past a person's limit.
package struct LimitExceeded: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Resource: String, Sendable { case sessions, cpu, memory }
    package var resource: Resource
    /// What the person would hold with this request: sessions, processors or MiB.
    package var wanted: Int
    /// What a person may hold.
    package var allowed: Int

    package init(resource: Resource, wanted: Int, allowed: Int) {
        self.resource = resource
        self.wanted = wanted
        self.allowed = allowed
    }

    package var description: String {
        let advice = "Stop one of your sessions and try again."
        return switch resource {
        case .sessions: "You have \(wanted - 1) of \(allowed) sessions. \(advice)"
        case .cpu: "You would hold \(wanted) processors; one person may hold \(allowed). \(advice)"
        case .memory: "You would hold \(wanted) MiB of memory; one person may hold \(allowed) MiB. \(advice)"
        }
    }
}
