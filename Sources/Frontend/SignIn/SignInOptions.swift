package import Domain

/// What an administrator decides about who may come in.
package struct SignInOptions: Sendable {
    package enum SecondFactor: Sendable {
        case none
        /// A code by mail.
        case email
        /// A code of an authenticator app.
        case totp
    }

    /// Names of administrators, to the byte.
    package var admins: Set<PersonName>
    /// A group whose members are administrators, or nil.
    package var adminGroup: String?
    package var secondFactor: SecondFactor
    /// Domains whose addresses may sign in by a mailed code, without password; empty for none.
    package var emailDomains: [String]
    /// Whether who came in by a mailed code gets one-shot sessions only.
    package var emailOneShot: Bool

    package init(
        admins: [PersonName] = [], adminGroup: String? = nil, secondFactor: SecondFactor = .none,
        emailDomains: [String] = [], emailOneShot: Bool = true
    ) {
        self.admins = Set(admins)
        self.adminGroup = adminGroup.flatMap { $0.isEmpty ? nil : $0 }
        self.secondFactor = secondFactor
        self.emailDomains = emailDomains
        self.emailOneShot = emailOneShot
    }
}
