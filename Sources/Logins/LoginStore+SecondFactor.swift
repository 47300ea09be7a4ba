package import Redis

/// A person's authenticator app: one `qwd:account:<user>` hash and a set of the digests of unused recovery codes.
package struct SecondFactor: Sendable, Hashable {
    /// The app's secret, as the caller sealed it.
    package var sealed: String
    /// The step of the last code that was accepted.
    package var lastStep: Int64?
    package var recoveryCodesLeft: Int
}

extension LoginStore {
    /// A person's second factor, or nil if there is none.
    package func secondFactor(of user: String) async throws(RedisError) -> SecondFactor? {
        let replies = try await redis.send(pipeline: [
            ["HMGET", "qwd:account:\(user)", "totp", "totp_step"], ["SCARD", "qwd:account:\(user):recovery"],
        ])
        guard let values = replies[0].array, let sealed = values[0].string, !sealed.isEmpty else { return nil }
        return SecondFactor(
            sealed: sealed, lastStep: values[1].string.flatMap { Int64($0) },
            recoveryCodesLeft: replies[1].integer ?? 0)
    }

    /// Gives a person a second factor.
    /// - Returns: False if they have one already; it is not replaced.
    package func enrol(
        _ user: String, sealed: String, step: Int64, recovery fingerprints: [String]
    ) async throws(RedisError) -> Bool {
        try await redis.evaluate(LoginScripts.enrol, arguments: [user, sealed, "\(step)"] + fingerprints).integer == 1
    }

    /// Notes the step of a code. - Returns: False if that code, or a later one, was used before.
    package func accept(step: Int64, of user: String) async throws(RedisError) -> Bool {
        try await redis.evaluate(LoginScripts.acceptStep, arguments: [user, "\(step)"]).integer == 1
    }

    /// Uses a recovery code up. - Returns: False if there is no such code, or not any more.
    package func useRecoveryCode(_ fingerprint: String, of user: String) async throws(RedisError) -> Bool {
        try await redis.send(["SREM", "qwd:account:\(user):recovery", fingerprint]).integer == 1
    }

    /// Takes a person's second factor away, for one who has lost it.
    /// - Returns: False if there was none.
    package func removeSecondFactor(of user: String) async throws(RedisError) -> Bool {
        try await redis.send(["DEL", "qwd:account:\(user)", "qwd:account:\(user):recovery"]).integer ?? 0 > 0
    }
}
