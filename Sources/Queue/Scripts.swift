import Redis

/// The queue's transitions: one Lua script each, which Redis runs as a whole or not at all.
enum Scripts {
    static let enqueue = script("enqueue", PackageResources.enqueue_lua, .creates)
    static let claim = script("claim", PackageResources.claim_lua, .sessions)
    static let renew = script("renew", PackageResources.renew_lua)
    static let step = script("step", PackageResources.step_lua, .sessions)
    static let commit = script("commit", PackageResources.commit_lua, .sessions)
    static let finish = script("finish", PackageResources.finish_lua, .mails)
    static let fail = script("fail", PackageResources.fail_lua, .creates)
    static let end = script("end", PackageResources.end_lua, .sessions)
    static let stop = script("stop", PackageResources.stop_lua, .sessions)
    static let extend = script("extend", PackageResources.extend_lua, .sessions)
    static let promote = script("promote", PackageResources.promote_lua, .jobs)
    static let reap = script("reap", PackageResources.reap_lua, .creates, .hosts)
    static let lead = script("lead", PackageResources.lead_lua)
    static let tick = script("tick", PackageResources.tick_lua, .mails, .hosts, .promises, .refusals)
    static let hostup = script("hostup", PackageResources.hostup_lua, .hosts)
    static let offer = script("offer", PackageResources.offer_lua, .hosts)
    static let retry = script("retry", PackageResources.retry_lua, .creates)
    static let trouble = script("trouble", PackageResources.trouble_lua, .sessions)
    static let drain = script("drain", PackageResources.drain_lua, .wake)
    static let forget = script("forget", PackageResources.forget_lua, .hosts)
    static let mail = script("mail", PackageResources.mail_lua, .mails)
    static let refusal = script("refusal", PackageResources.refusal_lua, .refusals)
    static let place = script("place", PackageResources.place_lua, .placement)

    static let all = [
        enqueue, claim, renew, step, commit, finish, fail, end, stop, extend, promote, reap, lead, tick, hostup, offer,
        retry, trouble, drain, forget, mail, refusal, place,
    ]

    private static func script(_ name: String, _ source: [UInt8], _ parts: ScriptPart...) -> RedisScript {
        RedisScript(name: name, source: ScriptPart.framed(String(decoding: source, as: UTF8.self), with: parts))
    }
}

/// What several transitions share, by topic. Redis makes a part's functions anew with each call of a script, so a script
/// has only those that it needs. Each part may use those that stand before it here.
enum ScriptPart: CaseIterable {
    case edges, resources, placement, line, wake, events, jobs, clients, ended, sessions, mails, hosts, creates,
        promises
    case refusals

    /// The parts that this one uses.
    private var needs: [ScriptPart] {
        switch self {
        case .edges, .resources, .events, .clients, .refusals: []
        case .placement, .line: [.resources]
        case .wake: [.placement, .line]
        case .jobs: [.wake]
        case .ended: [.jobs]
        case .sessions: [.edges, .events, .clients, .ended]
        case .mails, .hosts: [.sessions]
        case .creates: [.mails]
        case .promises: [.jobs]
        }
    }

    /// A script in its frame: the parts before it, and the writing after it.
    static func framed(_ script: String, with parts: [ScriptPart]) -> String {
        text(parts) + "local function main()\n\(script)\nend\nlocal answer = main()\nflush()\nreturn answer\n"
    }

    /// The text of some parts and of those that they need.
    static func text(_ parts: [ScriptPart]) -> String {
        var wanted = Set(parts)
        while case let more = wanted.union(wanted.flatMap(\.needs)), more != wanted { wanted = more }
        return ([PackageResources.base_lua] + allCases.filter(wanted.contains).map(\.source)).map {
            String(decoding: $0, as: UTF8.self) + "\n"
        }.joined()
    }

    private var source: [UInt8] {
        switch self {
        case .edges: PackageResources.edges_lua
        case .resources: PackageResources.resources_lua
        case .placement: PackageResources.placement_lua
        case .line: PackageResources.line_lua
        case .wake: PackageResources.wake_lua
        case .events: PackageResources.events_lua
        case .jobs: PackageResources.jobs_lua
        case .clients: PackageResources.clients_lua
        case .ended: PackageResources.ended_lua
        case .sessions: PackageResources.sessions_lua
        case .mails: PackageResources.mails_lua
        case .hosts: PackageResources.hosts_lua
        case .creates: PackageResources.creates_lua
        case .promises: PackageResources.promises_lua
        case .refusals: PackageResources.refusals_lua
        }
    }
}
