import Redis

/// The queue's transitions: one Lua script each, which Redis runs as a whole or not at all.
enum Scripts {
    static let enqueue = script("enqueue", PackageResources.enqueue_lua)
    static let claim = script("claim", PackageResources.claim_lua)
    static let renew = script("renew", PackageResources.renew_lua)
    static let step = script("step", PackageResources.step_lua)
    static let commit = script("commit", PackageResources.commit_lua)
    static let finish = script("finish", PackageResources.finish_lua)
    static let fail = script("fail", PackageResources.fail_lua)
    static let end = script("end", PackageResources.end_lua)
    static let stop = script("stop", PackageResources.stop_lua)
    static let extend = script("extend", PackageResources.extend_lua)
    static let promote = script("promote", PackageResources.promote_lua)
    static let reap = script("reap", PackageResources.reap_lua)
    static let lead = script("lead", PackageResources.lead_lua)
    static let tick = script("tick", PackageResources.tick_lua)
    static let hostup = script("hostup", PackageResources.hostup_lua)
    static let offer = script("offer", PackageResources.offer_lua)
    static let retry = script("retry", PackageResources.retry_lua)
    static let trouble = script("trouble", PackageResources.trouble_lua)
    static let drain = script("drain", PackageResources.drain_lua)

    static let mail = script("mail", PackageResources.mail_lua)
    static let claimMail = script("claim-mail", PackageResources.claim_mail_lua)

    static let prelude = String(decoding: PackageResources.prelude_lua, as: UTF8.self)

    private static func script(_ name: String, _ source: [UInt8]) -> RedisScript {
        RedisScript(name: name, source: prelude + "\n" + String(decoding: source, as: UTF8.self))
    }
}
