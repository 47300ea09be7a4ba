package import Accounts
import Domain
import FoundationEssentials
import Logging
package import Logins
import Queue
import Secrets

/// What a frontend needs to let people in: the ways to sign in, and where it keeps who is.
package struct SignInDependencies: Sendable {
    let chain: SignInChain
    let logins: LoginStore
    let options: SignInOptions

    package init(chain: SignInChain, logins: LoginStore, options: SignInOptions) {
        self.chain = chain
        self.logins = logins
        self.options = options
    }
}

/// Signs people in, step by step: what was typed, then perhaps a code, then the login.
///
/// Every doubt refuses. Each attempt is counted before it is looked at, and all refusals are the same, to the second.
struct SignInService: Sendable {
    enum Answer: Sendable {
        /// The token is for the browser's cookie.
        case signedIn(Person, token: Secret)
        /// A code is wanted first; the token is for the browser's cookie.
        case codeWanted(Challenge, token: Secret)
        case refused
        /// Nobody could say who that is: the servers that know do not answer.
        case undecided
        /// Nobody could say who that is, because something is set up wrong: another try does not help.
        case misconfigured
        /// The password is right, but nobody knows where to mail the code.
        case noAddress
        case tooManyTries(Duration)
    }

    let chain: SignInChain
    let logins: LoginStore
    let options: SignInOptions
    let queue: JobQueue
    let secret: ServiceSecret
    let hasMail: Bool

    func isAdmin(_ person: Person) -> Bool {
        guard person.method != "none" else { return false }
        if options.admins.contains(person.name) { return true }
        guard let group = options.adminGroup else { return false }
        return person.groups.contains { $0.hasBytes(of: group) }
    }

    /// Whether this name may come in by a mailed code. Not one with a `+`: what stands behind it is mostly the person's to
    /// choose, so that one mailbox would be any number of persons.
    func mailsCode(to user: String) -> EmailAddress? {
        guard hasMail, !options.emailDomains.isEmpty, let address = EmailAddress(user),
            address.isAllowed(in: options.emailDomains), !user.contains("+")
        else { return nil }
        return address
    }

    /// - Parameter form: What else was in the form, to go on with after a code.
    func signIn(user typed: String, password: Secret, form: String, from address: String) async throws -> Answer {
        // A space that came with a paste is no part of a name.
        let credentials = Credentials(user: typed.trimmed, password: password)
        let user = credentials.user
        if let wait = try await logins.attempt(user: user, from: address) { return .tooManyTries(wait) }
        let start = ContinuousClock.now
        if password.isEmpty, let mailbox = mailsCode(to: user) {
            // One mailbox is one person, however its address is typed; it is plain ASCII.
            let person = Person(
                name: PersonName(recorded: mailbox.text.lowercased()), email: mailbox.text, method: "email")
            return try await mailCode(.mailedLink, person, form: form)
        }
        switch await chain.signIn(credentials) {
        case .admitted(let person):
            let answer = try await afterPassword(person, form: form, from: address)
            // Who knows the password may still guess the code, so that attempt stays a failure until the code is right.
            if case .signedIn = answer { try await logins.attemptSucceeded(user: user, from: address) }
            return answer
        case .refused:
            try await Self.evenOut(since: start)
            return .refused
        case .undecided(let failures):
            try await Self.evenOut(since: start)
            return failures.allSatisfy { !$0.isTransient } ? .misconfigured : .undecided
        }
    }

    /// A refusal comes at a full second, so its time does not tell which names there are.
    private static func evenOut(since start: ContinuousClock.Instant) async throws {
        let seconds = start.duration(to: .now).components.seconds + 1
        try await Task.sleep(until: start + .seconds(seconds), clock: .continuous)
    }

    private func afterPassword(_ person: Person, form: String, from address: String) async throws -> Answer {
        switch options.secondFactor {
        case .none:
            return .signedIn(person, token: try await logins.open(person, from: address))
        case .email:
            guard person.email != nil, hasMail else { return .noAddress }
            return try await mailCode(.mailedCode, person, form: form)
        case .totp:
            let challenge = try await appChallenge(for: person, form: form)
            return .codeWanted(challenge, token: try await logins.open(challenge))
        }
    }

    private func mailCode(_ kind: Challenge.Kind, _ person: Person, form: String) async throws -> Answer {
        let code = OneTimeCode.random()
        let token = LoginToken.random()
        let proof = secret.mark("\(LoginToken.fingerprint(of: token)) \(code.revealed)", for: .code)
        let challenge = Challenge(kind: kind, person: person, proof: proof, form: form)
        _ = try await logins.open(challenge, token: token)
        let id = JobID(milliseconds: FrontendServices.now())
        let letter = Secret("\(person.email ?? "")\n\(code.revealed)\n\(token.revealed)")
        try await queue.mail(
            topic: kind.rawValue, sealed: secret.seal(letter, for: .mail, beside: "mail-\(id)"), id: id)
        return .codeWanted(challenge, token: token)
    }
}
