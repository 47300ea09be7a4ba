package import Domain
package import Redis

/// Somebody who is half signed in: a code is still wanted from them. One `qwd:challenge:<id>` hash, ten minutes long.
package struct Challenge: Sendable, Hashable {
    package enum Kind: String, Sendable {
        /// A code that was mailed after the password.
        case mailedCode = "mailed-code"
        /// A code of an authenticator app, or a recovery code.
        case totp
        /// The first code of an app that is being enrolled.
        case enrolment
        /// A code that was mailed instead of a password.
        case mailedLink = "mailed-link"
    }

    package var kind: Kind
    package var person: Person
    /// What to compare a code with: a digest for a mailed one, the sealed secret for an enrolment, else empty.
    package var proof: String
    /// The form that was sent with the name and password, without these, as it comes from a browser; empty for none.
    package var form: String
    /// Tries that are left after this one.
    package var triesLeft = 0

    package init(kind: Kind, person: Person, proof: String = "", form: String = "") {
        self.kind = kind
        self.person = person
        self.proof = proof
        self.form = form
    }

    /// How long somebody has to find the code.
    package static let life = Duration.seconds(600)
    package static let tries = 5

    static let fields = ["kind", "user", "email", "method", "groups", "proof", "form", "tries"]

    init?(values: [String?]) {
        guard values.count == Self.fields.count, let kind = values[0].flatMap(Kind.init(rawValue:)),
            let user = values[1], let tries = values[7].flatMap({ Int($0) })
        else { return nil }
        self.init(
            kind: kind,
            person: Person(
                name: PersonName(recorded: user), email: values[2].flatMap { $0.isEmpty ? nil : $0 },
                groups: GroupList.read(values[4] ?? ""), method: values[3] ?? ""), proof: values[5] ?? "",
            form: values[6] ?? "")
        triesLeft = Self.tries - tries
    }
}

extension LoginStore {
    /// - Parameter token: For the browser; a new one unless given.
    package func open(
        _ challenge: Challenge, token: Secret = LoginToken.random()
    ) async throws(RedisError) -> Secret {
        let person = challenge.person
        _ = try await redis.evaluate(
            LoginScripts.ask,
            arguments: [
                LoginToken.fingerprint(of: token), "\(Challenge.life.wholeMilliseconds)", "kind",
                challenge.kind.rawValue, "user", person.name.text, "email", person.email ?? "", "method", person.method,
                "groups", GroupList.text(person.groups), "proof", challenge.proof, "form", challenge.form, "tries", "0",
            ])
        return token
    }

    /// The challenge of a token, without counting a try. Nil if it is over.
    package func challenge(token: Secret) async throws(RedisError) -> Challenge? {
        let key = "qwd:challenge:\(LoginToken.fingerprint(of: token))"
        return try await redis.send(["HMGET", key] + Challenge.fields).array.flatMap {
            Challenge(values: $0.map(\.string))
        }
    }

    /// Counts a try before its outcome is known. Nil if the challenge is over: its time, its tries, or it was met.
    package func tryCode(token: Secret) async throws(RedisError) -> Challenge? {
        let reply = try await redis.evaluate(
            LoginScripts.tryCode, arguments: [LoginToken.fingerprint(of: token), "\(Challenge.tries)"])
        return reply.array.flatMap { Challenge(values: $0.map(\.string)) }
    }

    /// The code was right. - Returns: False if somebody else met the challenge a moment before: no code works twice.
    package func met(token: Secret) async throws(RedisError) -> Bool {
        try await redis.send(["DEL", "qwd:challenge:\(LoginToken.fingerprint(of: token))"]).integer == 1
    }
}
