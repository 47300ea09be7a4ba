import Redis

/// The queue's transitions: one Lua script each, which Redis runs as a whole or not at all.
enum Scripts {
    static let enqueue = script("enqueue", PackageResources.enqueue_lua, .events, .clients)
    static let claim = script("claim", PackageResources.claim_lua, .edges, .events, .wake)
    static let renew = script("renew", PackageResources.renew_lua)
    static let step = script("step", PackageResources.step_lua, .events)
    static let commit = script("commit", PackageResources.commit_lua, .events, .expiry)
    static let finish = script(
        "finish", PackageResources.finish_lua, .edges, .events, .wake, .jobs, .clients, .ended, .sessions, .mails)
    static let fail = script(
        "fail", PackageResources.fail_lua, .edges, .events, .wake, .jobs, .clients, .ended, .sessions, .mails)
    static let end = script("end", PackageResources.end_lua, .edges, .events, .wake, .jobs, .clients, .ended, .sessions)
    static let stop = script(
        "stop", PackageResources.stop_lua, .edges, .events, .wake, .jobs, .clients, .ended, .sessions)
    static let extend = script("extend", PackageResources.extend_lua, .events, .expiry)
    static let promote = script("promote", PackageResources.promote_lua, .wake)
    static let reap = script(
        "reap", PackageResources.reap_lua, .edges, .events, .wake, .jobs, .clients, .ended, .sessions)
    static let lead = script("lead", PackageResources.lead_lua)
    static let tick = script(
        "tick", PackageResources.tick_lua, .edges, .events, .wake, .jobs, .clients, .ended, .sessions, .mails,
        .machines, .hosts, .refusals)
    static let hostup = script("hostup", PackageResources.hostup_lua, .events)
    static let offer = script("offer", PackageResources.offer_lua, .wake, .machines)
    static let retry = script("retry", PackageResources.retry_lua, .edges, .events, .wake, .clients)
    static let trouble = script("trouble", PackageResources.trouble_lua, .events)
    static let drain = script("drain", PackageResources.drain_lua, .wake)
    static let forget = script(
        "forget", PackageResources.forget_lua, .edges, .events, .wake, .jobs, .clients, .ended, .sessions, .machines,
        .hosts)

    static let mail = script("mail", PackageResources.mail_lua, .events, .wake, .mails)
    static let claimMail = script("claim-mail", PackageResources.claim_mail_lua)

    static let refusal = script("refusal", PackageResources.refusal_lua, .refusals)

    static let all = [
        enqueue, claim, renew, step, commit, finish, fail, end, stop, extend, promote, reap, lead, tick, hostup, offer,
        retry, trouble, drain, forget, mail, claimMail, refusal,
    ]

    private static func script(_ name: String, _ source: [UInt8], _ parts: ScriptPart...) -> RedisScript {
        RedisScript(name: name, source: ScriptPart.text(parts) + String(decoding: source, as: UTF8.self))
    }
}

/// What several transitions share, by topic. Redis makes a part's functions anew with each call of a script, so a script
/// has only those that it needs. Each part may use those that stand before it here.
enum ScriptPart: CaseIterable {
    case edges, events, wake, jobs, clients, ended, sessions, expiry, mails, machines, hosts, refusals

    /// The text that stands before a script's own.
    static func text(_ parts: [ScriptPart]) -> String {
        ([PackageResources.base_lua] + allCases.filter(parts.contains).map(\.source)).map {
            String(decoding: $0, as: UTF8.self) + "\n"
        }.joined()
    }

    private var source: [UInt8] {
        switch self {
        case .edges: PackageResources.edges_lua
        case .events: PackageResources.events_lua
        case .wake: PackageResources.wake_lua
        case .jobs: PackageResources.jobs_lua
        case .clients: PackageResources.clients_lua
        case .ended: PackageResources.ended_lua
        case .sessions: PackageResources.sessions_lua
        case .expiry: PackageResources.expiry_lua
        case .mails: PackageResources.mails_lua
        case .machines: PackageResources.machines_lua
        case .hosts: PackageResources.hosts_lua
        case .refusals: PackageResources.refusals_lua
        }
    }
}
