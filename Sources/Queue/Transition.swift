import Redis

/// The queue's transitions: one function in Lua each, which Redis runs as a whole or not at all.
enum Transition: String, CaseIterable {
    case enqueue, claim, renew, step, commit, finish, fail, end, stop, extend, promote, reap, lead, tick, hostup, offer
    case retry, trouble, drain, forget, mail, refusal, place, noted, probe, arrive, strays, stray, takeup
    case ready, scripted

    /// All of them, and before them what several share, each part behind those that it uses.
    static let library = RedisLibrary(
        name: "qwd", shared: shared.map { String(decoding: $0, as: UTF8.self) + "\n" }.joined(),
        functions: allCases.map {
            (
                $0.rawValue, "transition(function(ARGV)\n\(String(decoding: $0.body, as: UTF8.self))\nend)", $0.frees
            )
        })

    private static let shared = [
        PackageResources.base_lua, PackageResources.clock_lua, PackageResources.edges_lua,
        PackageResources.resources_lua,
        PackageResources.placement_lua, PackageResources.line_lua, PackageResources.wake_lua,
        PackageResources.events_lua, PackageResources.jobs_lua, PackageResources.clients_lua,
        PackageResources.ended_lua, PackageResources.masters_lua, PackageResources.sessions_lua,
        PackageResources.mails_lua,
        PackageResources.hosts_lua, PackageResources.creates_lua, PackageResources.promises_lua,
        PackageResources.refusals_lua,
    ]

    /// Whether it has to work while Redis has no memory left: all that ends something, and what keeps hosts and jobs alive
    /// until then.
    private var frees: Bool {
        switch self {
        case .enqueue, .retry, .mail, .refusal, .probe, .takeup: false
        default: true
        }
    }

    private var body: [UInt8] {
        switch self {
        case .enqueue: PackageResources.enqueue_lua
        case .claim: PackageResources.claim_lua
        case .renew: PackageResources.renew_lua
        case .step: PackageResources.step_lua
        case .commit: PackageResources.commit_lua
        case .finish: PackageResources.finish_lua
        case .fail: PackageResources.fail_lua
        case .end: PackageResources.end_lua
        case .stop: PackageResources.stop_lua
        case .extend: PackageResources.extend_lua
        case .promote: PackageResources.promote_lua
        case .reap: PackageResources.reap_lua
        case .lead: PackageResources.lead_lua
        case .tick: PackageResources.tick_lua
        case .hostup: PackageResources.hostup_lua
        case .offer: PackageResources.offer_lua
        case .retry: PackageResources.retry_lua
        case .trouble: PackageResources.trouble_lua
        case .drain: PackageResources.drain_lua
        case .forget: PackageResources.forget_lua
        case .mail: PackageResources.mail_lua
        case .refusal: PackageResources.refusal_lua
        case .place: PackageResources.place_lua
        case .noted: PackageResources.noted_lua
        case .probe: PackageResources.probe_lua
        case .arrive: PackageResources.arrive_lua
        case .strays: PackageResources.strays_lua
        case .stray: PackageResources.stray_lua
        case .takeup: PackageResources.takeup_lua
        case .ready: PackageResources.ready_lua
        case .scripted: PackageResources.scripted_lua
        }
    }
}
