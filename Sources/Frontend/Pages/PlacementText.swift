package import Domain

extension Placement.Blocker {
    /// Why a session waits, in words for who waits.
    func sentences(_ texts: Texts) -> [String] {
        switch self {
        case .noHost: [texts("session.queued.noHost")]
        case .farmIsFull(let sessions): [texts("session.waits.farm", ["sessions": "\(sessions)"])]
        case .host(let nearest): nearest.sentences(texts)
        }
    }
}

extension Placement.Verdict {
    /// Whether whoever runs the host has to mend something there.
    var isProblem: Bool { if case .closed(.problem, _) = self { true } else { false } }
}

extension Placement.HostVerdict {
    private static let machineTag = "machine:"

    fileprivate func sentences(_ texts: Texts) -> [String] {
        switch verdict {
        case .fits: []
        case .full(let resource, let needed, let free, let nextEnd):
            [
                texts(
                    "session.waits.full.\(resource.rawValue)",
                    [
                        "host": host, "needed": texts.amount(needed, of: resource),
                        "free": texts.amount(free, of: resource),
                    ])
            ]
                + (nextEnd.map {
                    [texts("session.waits.next", ["minutes": "\(max(1, ($0.components.seconds + 59) / 60))"])]
                } ?? [])
        case .tooSmall(let resource, let needed, let there):
            [
                texts(
                    "session.waits.tooSmall",
                    [
                        "host": host, "needed": texts.amount(needed, of: resource),
                        "there": texts.amount(there, of: resource),
                    ])
            ]
        case .lacks(let tag) where tag.hasPrefix(Self.machineTag):
            [texts("session.waits.machineGone", ["machine": String(tag.dropFirst(Self.machineTag.count))])]
        case .lacks(let tag) where tag.hasPrefix(Placement.Verdict.hostPrefix): [texts("session.waits.hostGone")]
        case .lacks(let tag): [texts("session.waits.lacks", ["tag": tag])]
        case .master(let machine): [texts("session.waits.master", ["machine": machine])]
        case .draining: [texts("session.waits.draining")]
        case .promised: [texts("session.waits.promised", ["host": host])]
        case .closed(.load, let percent): [texts("session.waits.load", ["host": host, "percent": "\(percent)"])]
        case .closed(.disk, _): [texts("session.waits.disk", ["host": host])]
        case .closed(.problem, _): [texts("session.waits.problem", ["host": host])]
        }
    }
}

extension Texts {
    /// Why a session was not made, and the way out. Nobody is told to stop a session that may not be theirs.
    package func sentences(for limit: LimitExceeded) -> String {
        let whose = limit.isOfAddress ? "limit.address" : "limit.own"
        func amount(_ number: Int) -> String { limit.resource == .memory ? memory(mib: number) : "\(number)" }
        let values = [
            "count": "\(limit.wanted - 1)", "wanted": amount(limit.wanted), "allowed": amount(limit.allowed),
            "seconds": "\(limit.retryAfter.components.seconds + 1)",
        ]
        return ["", ".advice"].map { self("\(whose)\($0).\(limit.resource.rawValue)", values) }.joined(separator: " ")
    }

    /// That no host has so much of something.
    package func sentence(forMoreOf resource: Resource, thanThe largest: Int) -> String {
        if largest == 0, resource == .gpu { return self("limit.noGPU") }
        return self("limit.tooBig", ["largest": amount(largest, of: resource)])
    }

    fileprivate func amount(_ amount: Int, of resource: Resource) -> String {
        switch resource {
        case .cpu: count("amount.cpu", amount)
        case .memory: memory(mib: amount)
        case .disk: memory(mib: amount << 10)
        case .gpu: count("amount.gpu", amount)
        }
    }
}
