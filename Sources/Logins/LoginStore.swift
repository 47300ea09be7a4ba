package import Domain
package import Redis

/// Who is signed in, who tries to, and what belongs to their second factor, kept in Redis.
///
/// Nothing in it lets anybody in who reads it: tokens and codes are stored as digests, the secrets of authenticator apps
/// sealed by whoever calls. Every method throws `RedisError` while Redis can't be reached; then nobody is let in.
package struct LoginStore: Sendable {
    let redis: RedisClient
    /// Longest time without a request, and longest life of a login.
    let idle: Duration
    let absolute: Duration

    package init(redis: RedisClient, idle: Duration, absolute: Duration) {
        self.redis = redis
        self.idle = idle
        self.absolute = absolute
    }

    /// Signs somebody in at one browser.
    /// - Returns: The token for the browser's cookie.
    package func open(_ person: Person, from address: String) async throws(RedisError) -> Secret {
        let token = LoginToken.random()
        _ = try await redis.evaluate(
            LoginScripts.open,
            arguments: [
                LoginToken.fingerprint(of: token), person.name.text, person.email ?? "", person.method,
                GroupList.text(person.groups), address, "\(idle.wholeMilliseconds)", "\(absolute.wholeMilliseconds)",
            ])
        return token
    }

    /// The login that a browser's token belongs to, if it is still good. Using it keeps it from ending of idleness.
    package func login(token: Secret) async throws(RedisError) -> Login? {
        guard token.revealed.utf8.count == 43 else { return nil }
        let id = LoginToken.fingerprint(of: token)
        let reply = try await redis.evaluate(LoginScripts.touch, arguments: [id, "\(idle.wholeMilliseconds)"])
        return reply.array.flatMap { Login(id: id, values: $0.map(\.string)) }
    }

    /// Signs out at one browser.
    package func close(_ login: Login) async throws(RedisError) {
        _ = try await redis.send(pipeline: [
            ["DEL", "qwd:login:\(login.id)"], ["ZREM", "qwd:logins:\(login.person.name.text)", login.id],
        ])
    }

    /// Signs a person out everywhere.
    package func closeAll(of user: PersonName) async throws(RedisError) {
        _ = try await redis.evaluate(LoginScripts.closeAll, arguments: [user.text])
    }

    /// Where a person is signed in, the newest first.
    package func logins(of user: PersonName) async throws(RedisError) -> [Login] {
        let ids =
            try await redis.send(["ZREVRANGE", "qwd:logins:\(user.text)", "0", "99"]).array?.compactMap(\.string) ?? []
        guard !ids.isEmpty else { return [] }
        let replies = try await redis.send(pipeline: ids.map { ["HMGET", "qwd:login:\($0)"] + Login.fields })
        return zip(ids, replies).compactMap { id, reply in
            reply.array.flatMap { Login(id: id, values: $0.map(\.string)) }
        }
    }
}

extension Duration {
    var wholeMilliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
