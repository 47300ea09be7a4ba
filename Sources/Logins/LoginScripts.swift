import Redis

/// The transitions of logins: one Lua script each, which Redis runs as a whole or not at all.
enum LoginScripts {
    static let open = script("open", PackageResources.open_lua)
    static let touch = script("touch", PackageResources.touch_lua)
    static let closeAll = script("close-all", PackageResources.close_all_lua)
    static let attempt = script("attempt", PackageResources.attempt_lua)
    static let succeeded = script("succeeded", PackageResources.succeeded_lua)
    static let ask = script("ask", PackageResources.ask_lua)
    static let tryCode = script("try-code", PackageResources.try_code_lua)
    static let secondFactor = account("second-factor", PackageResources.second_factor_lua)
    static let enrol = account("enrol", PackageResources.enrol_lua)
    static let useRecovery = account("use-recovery", PackageResources.use_recovery_lua)
    static let forgetFactor = account("forget-factor", PackageResources.forget_factor_lua)
    static let acceptStep = script("accept-step", PackageResources.accept_step_lua)

    /// One that looks at second factors.
    private static func account(_ name: String, _ source: [UInt8]) -> RedisScript {
        script(name, PackageResources.accounts_lua + Array("\n".utf8) + source)
    }

    private static func script(_ name: String, _ source: [UInt8]) -> RedisScript {
        RedisScript(name: name, source: String(decoding: source, as: UTF8.self))
    }
}
