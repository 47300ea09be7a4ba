package import Domain
package import Redis
import Secrets

/// How guessing is slowed down: after some failures each further one doubles the time until the next attempt.
struct Throttle: Sendable {
    /// Failures without any delay. People mistype.
    var free: Int
    /// Longest delay.
    var most: Duration

    /// A stranger can make these failures for somebody, so it must not lock anybody out for long.
    static let user = Throttle(free: 5, most: .seconds(60))
    /// Behind one address there may be many people.
    static let address = Throttle(free: 20, most: .seconds(900))
    /// Of those who have the password, or somebody's address, and guess the code: a hundred a day, of a million.
    static let code = Throttle(free: 10, most: .seconds(900))
    /// How long failures are remembered after the last one.
    static let memory = Duration.seconds(3600)
}

extension LoginStore {
    /// Counts an attempt to sign in, before its outcome is known: so many at one time count as many.
    /// - Returns: How long to wait before anybody may try again, or nil: go on.
    package func attempt(user: String, from address: String) async throws(RedisError) -> Duration? {
        try await attempt([(key(user: user), .user), (key(address: address), .address)])
    }

    /// The attempt was no failure.
    package func attemptSucceeded(user: String, from address: String) async throws(RedisError) {
        _ = try await redis.evaluate(
            LoginScripts.succeeded, arguments: [key(user: user), key(address: address), "\(Throttle.address.free)"])
    }

    /// The same for the codes of one person, wherever they are typed.
    package func attemptCode(user: PersonName) async throws(RedisError) -> Duration? {
        try await attempt([(codeKey(user: user), .code)])
    }

    package func codeSucceeded(user: PersonName) async throws(RedisError) {
        _ = try await redis.send(["DEL", codeKey(user: user)])
    }

    private func attempt(_ counted: [(key: String, throttle: Throttle)]) async throws(RedisError) -> Duration? {
        let each = counted.flatMap { [$0.key, "\($0.throttle.free)", "\($0.throttle.most.wholeMilliseconds)"] }
        let wait =
            try await redis.evaluate(
                LoginScripts.attempt, arguments: ["\(Throttle.memory.wholeMilliseconds)"] + each
            ).integer ?? 0
        return wait > 0 ? .milliseconds(wait) : nil
    }

    private func codeKey(user: PersonName) -> String {
        "qwd:throttle:code:" + Fingerprint.of(user.text).prefix(32)
    }

    /// A digest, because what was typed as a name may be anything, a password too.
    private func key(user: String) -> String {
        "qwd:throttle:user:" + Fingerprint.of(user.lowercased()).prefix(32)
    }

    /// By the address's bytes and not by its spelling. What is no address is one client.
    private func key(address: String) -> String {
        "qwd:throttle:from:" + (ClientAddress(address)?.throttleKey ?? "unknown")
    }
}
