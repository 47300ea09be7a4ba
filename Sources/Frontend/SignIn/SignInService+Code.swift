import Accounts
import Domain
import FoundationEssentials
import Logins
import Secrets

extension SignInService {
    enum CodeAnswer: Sendable {
        /// The form is what was sent before the code; recovery codes come once, with the enrolment.
        case signedIn(Challenge, token: Secret, recoveryCodes: [Secret])
        /// The code from the mail was right, and one of an app is wanted too; the token is for the browser's cookie.
        case codeWanted(Challenge, token: Secret)
        case wrong(Challenge)
        /// It took too long, or too many tries: begin again.
        case over
        case tooManyTries(Duration)
    }

    /// The secret of an app that is being enrolled, to show it.
    func enrolment(_ challenge: Challenge) -> TOTP? {
        guard challenge.kind == .enrolment else { return nil }
        return secret.unseal(challenge.proof, for: .totp, beside: challenge.person.name.text).flatMap {
            TOTP(base32: $0)
        }
    }

    /// Somebody types a code.
    /// - Parameter token: Names the challenge.
    func answer(_ code: String, token: Secret, from address: String) async throws -> CodeAnswer {
        guard let known = try await logins.challenge(token: token) else { return .over }
        // Counted for the person: whoever has the password could begin again and again.
        if let wait = try await logins.attemptCode(user: known.person.name) { return .tooManyTries(wait) }
        guard let challenge = try await logins.tryCode(token: token) else { return .over }
        let typed = String(code.filter { !$0.isWhitespace })
        guard let recoveryCodes = try await check(typed, challenge, token) else {
            return challenge.triesLeft > 0 ? .wrong(challenge) : .over
        }
        guard try await logins.met(token: token) else { return .over }
        if [.mailedCode, .mailedLink].contains(challenge.kind), options.secondFactor == .totp {
            // Whoever reads the mail may still guess the app's code, so all tries stay failures until that is right.
            let next = try await appChallenge(for: challenge.person, form: challenge.form)
            return .codeWanted(next, token: try await logins.open(next))
        }
        try await logins.codeSucceeded(user: challenge.person.name)
        for name in [challenge.person.name.text, challenge.person.email].compactMap(\.self) {
            try await logins.attemptSucceeded(user: name, from: address)
        }
        return .signedIn(
            challenge, token: try await logins.open(challenge.person, from: address), recoveryCodes: recoveryCodes)
    }

    /// What asks for a code of a person's app, or to set one up.
    func appChallenge(for person: Person, form: String) async throws -> Challenge {
        if try await logins.secondFactor(of: person.name) != nil {
            return Challenge(kind: .totp, person: person, form: form)
        }
        if let other = try await logins.enrolledSpelling(like: person.name) {
            throw FrontendError(
                code: .otherSpelling, detail: "qwd account forget-second-factor '\(other.text)'")
        }
        let sealed = secret.seal(TOTP.random().base32, for: .totp, beside: person.name.text)
        return Challenge(kind: .enrolment, person: person, proof: sealed, form: form)
    }

    /// - Returns: Nil for a wrong code, else the new recovery codes, mostly none.
    private func check(_ code: String, _ challenge: Challenge, _ token: Secret) async throws -> [Secret]? {
        let user = challenge.person.name
        switch challenge.kind {
        case .mailedCode, .mailedLink:
            let right = secret.isMark(
                challenge.proof, of: "\(LoginToken.fingerprint(of: token)) \(code)", for: .code)
            return right ? [] : nil
        case .totp:
            guard let factor = try await logins.secondFactor(of: user),
                let app = secret.unseal(factor.sealed, for: .totp, beside: user.text).flatMap({ TOTP(base32: $0) })
            else { return nil }
            if let step = app.step(of: code, at: Date(), after: factor.lastStep) {
                return try await logins.accept(step: step, of: user) ? [] : nil
            }
            return try await logins.useRecoveryCode(RecoveryCodes.fingerprint(of: Secret(code)), of: user) ? [] : nil
        case .enrolment:
            guard let app = enrolment(challenge), let step = app.step(of: code, at: Date()) else { return nil }
            let codes = RecoveryCodes.random()
            let isNew = try await logins.enrol(
                user, sealed: challenge.proof, step: step, recovery: codes.map { RecoveryCodes.fingerprint(of: $0) })
            return isNew ? codes : nil
        }
    }
}
