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
    /// Sessions that wait, of all people. The next one is refused.
    package var waiting: Int
    /// Sessions of one person that wait. The next one is refused.
    package var waitingPerUser: Int
    /// Sessions that one person makes within any minute, also those that are cancelled at once. The next one is refused.
    package var creationsPerMinute: Int
    /// Graphics cards that one client may hold. Zero: as many as there are.
    package var gpuPerUser = 0

    package init(
        sessions: Int, sessionsPerUser: Int, cpuFractionPerUser: Double, memoryFractionPerUser: Double, load: Double,
        lifetimeSeconds: Int, waiting: Int = 0, waitingPerUser: Int = 0, creationsPerMinute: Int = 0
    ) {
        self.sessions = sessions
        self.sessionsPerUser = sessionsPerUser
        self.cpuFractionPerUser = cpuFractionPerUser
        self.memoryFractionPerUser = memoryFractionPerUser
        self.load = load
        self.lifetimeSeconds = lifetimeSeconds
        self.waiting = waiting
        self.waitingPerUser = waitingPerUser
        self.creationsPerMinute = creationsPerMinute
    }

    package static let none = Limits(
        sessions: 0, sessionsPerUser: 0, cpuFractionPerUser: 0, memoryFractionPerUser: 0, load: 0, lifetimeSeconds: 0)

    /// The life a person gets who asks for `seconds`; zero asks for the longest.
    package func lifetime(asked seconds: Int) -> Int {
        if lifetimeSeconds == 0 { return seconds }
        return seconds == 0 ? lifetimeSeconds : min(seconds, lifetimeSeconds)
    }
}

/// A request that went past a limit of one client, or past what may wait in all.
package struct LimitExceeded: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Resource: String, Sendable {
        case sessions, cpu, memory, gpu
        /// Sessions of all people that wait.
        case waiting
        /// Those of one client.
        case waitingOwn = "waiting-own"
        /// Sessions that one client makes within a minute.
        case rate
    }
    package var resource: Resource
    /// What there would be with this request: sessions, processors or MiB.
    package var wanted: Int
    package var allowed: Int
    /// When another try makes sense: exactly for `rate`, else a guess.
    package var retryAfter: Duration
    /// Whether it was counted by an address, behind which there may be others: then the sessions are not the reader's own.
    package var isOfAddress: Bool

    package init(
        resource: Resource, wanted: Int, allowed: Int, retryAfter: Duration = .seconds(60), isOfAddress: Bool = false
    ) {
        self.resource = resource
        self.wanted = wanted
        self.allowed = allowed
        self.retryAfter = retryAfter
        self.isOfAddress = isOfAddress
    }

    /// For logs; what people read is made of its parts.
    package var description: String { "limit of \(resource.rawValue): \(wanted) wanted, \(allowed) allowed" }
}
