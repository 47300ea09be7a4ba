/// What an administrator decides about who may come in.
package struct SignInOptions: Sendable {
    package enum SecondFactor: Sendable {
        case none
        /// A code by mail.
        case email
        /// A code of an authenticator app.
        case totp
    }

    /// Exact names of administrators.
    package var admins: Set<String>
    /// A group whose members are administrators, or nil.
    package var adminGroup: String?
    package var secondFactor: SecondFactor
    /// Domains whose addresses may sign in by a mailed code, without password; empty for none.
    package var emailDomains: [String]
    /// Whether who came in by a mailed code gets one-shot sessions only.
    package var emailOneShot: Bool

    package init(
        admins: [String] = [], adminGroup: String? = nil, secondFactor: SecondFactor = .none,
        emailDomains: [String] = [], emailOneShot: Bool = true
    ) {
        // Somebody without a name is nobody's administrator.
        self.admins = Set(admins.filter { !$0.isEmpty })
        self.adminGroup = adminGroup.flatMap { $0.isEmpty ? nil : $0 }
        self.secondFactor = secondFactor
        self.emailDomains = emailDomains
        self.emailOneShot = emailOneShot
    }
}
