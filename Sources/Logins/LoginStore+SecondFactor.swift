package import Domain
package import Redis

/// A person's authenticator app: one `qwd:account:<name>` hash, and a `qwd:recovery:<name>` set of the digests of unused
/// recovery codes.
package struct SecondFactor: Sendable, Hashable {
    /// The app's secret, as the caller sealed it.
    package var sealed: String
    /// The step of the last code that was accepted.
    package var lastStep: Int64?
    package var recoveryCodesLeft: Int
}

extension LoginStore {
    /// A person's second factor, or nil if there is none.
    package func secondFactor(of user: PersonName) async throws(RedisError) -> SecondFactor? {
        let values = try await redis.evaluate(LoginScripts.secondFactor, arguments: [user.text]).array ?? []
        guard values.count == 3, let sealed = values[0].string, !sealed.isEmpty else { return nil }
        return SecondFactor(
            sealed: sealed, lastStep: values[1].string.flatMap { Int64($0) },
            recoveryCodesLeft: values[2].integer ?? 0)
    }

    /// Gives a person a second factor. Ask ``enrolledSpelling(like:)`` before.
    /// - Returns: False if they have one already; it is not replaced.
    package func enrol(
        _ user: PersonName, sealed: String, step: Int64, recovery fingerprints: [String]
    ) async throws(RedisError) -> Bool {
        try await redis.evaluate(
            LoginScripts.enrol, arguments: [user.text, sealed, "\(step)"] + fingerprints
        ).integer == 1
    }

    /// Notes the step of a code. - Returns: False if that code, or a later one, was used before.
    package func accept(step: Int64, of user: PersonName) async throws(RedisError) -> Bool {
        try await redis.evaluate(LoginScripts.acceptStep, arguments: [user.text, "\(step)"]).integer == 1
    }

    /// Uses a recovery code up. - Returns: False if there is no such code, or not any more.
    package func useRecoveryCode(_ fingerprint: String, of user: PersonName) async throws(RedisError) -> Bool {
        try await redis.evaluate(LoginScripts.useRecovery, arguments: [user.text, fingerprint]).integer == 1
    }

    /// Takes a person's second factor away, for one who has lost it, also one that was set up when the name was spelt by
    /// other bytes that look the same.
    /// - Returns: False if there was none.
    package func removeSecondFactor(of user: PersonName) async throws(RedisError) -> Bool {
        // Swift calls texts the same that look so.
        let spellings = try await enrolled().filter { $0.text == user.text }
        return try await redis.evaluate(
            LoginScripts.forgetFactor, arguments: Set(spellings + [user]).map(\.text)
        ).integer ?? 0 > 0
    }

    /// Another spelling of a name that has a second factor: in other cases of letters, or other bytes that look the same.
    ///
    /// Whoever has a password must not get around the second factor by an authority that began to spell names in another
    /// way, or never minded how they are spelt. Looks at all accounts, so it is for the one time that one is made.
    package func enrolledSpelling(like user: PersonName) async throws(RedisError) -> PersonName? {
        try await enrolled().first { $0 != user && $0.resembles(user) }
    }

    /// Everybody with a second factor, in no order; some may come twice.
    private func enrolled() async throws(RedisError) -> [PersonName] {
        let prefix = "qwd:account:"
        var names: [PersonName] = []
        var cursor = "0"
        repeat {
            let command = ["SCAN", cursor, "MATCH", prefix + "*", "COUNT", "1000", "TYPE", "hash"]
            let reply = try await redis.send(command).array ?? []
            names += (reply.last?.array ?? []).compactMap(\.string).map { key in
                // By bytes: a name may begin with what would be one character with the colon.
                PersonName(recorded: String(decoding: key.utf8.dropFirst(prefix.utf8.count), as: UTF8.self))
            }
            cursor = reply.first?.string ?? "0"
        } while cursor != "0"
        return names
    }
}
