package import Domain
import Glibc
import Processes

/// The accounts of this host, or whatever else the administrator has put behind a PAM service.
package struct LocalMethod: SignInMethod {
    package struct Options: Sendable {
        /// File name in /etc/pam.d.
        package var service = "qwd"
        /// Where the service's file is, instead of the system's places.
        package var directory: String?
        package var timeout: Duration = .seconds(10)
        /// How the accounts of this host spell a name; nil for one that none of them has.
        var account: @Sendable (String) throws(AccountsError) -> String? = { user throws(AccountsError) in
            let account: HostAccount?
            do throws(ProcessError) { account = try HostAccount.find(user) } catch {
                throw AccountsError(.unavailable, error.detail)
            }
            guard let account else { return nil }
            guard let name = account.name else {
                throw AccountsError(.badConfiguration, "The name of the account \(user) is no UTF-8.")
            }
            return name
        }

        /// Told why somebody was refused whose password was right. The person is told no more than others.
        package var noteRefusal: @Sendable (String) -> Void = { _ in }

        package init() {}
    }

    package let name = "local"
    private let options: Options
    private let pool: BlockingPool

    package init(_ options: Options = Options()) {
        self.options = options
        pool = BlockingPool("PAM service \(options.service)")
    }

    /// PAM takes the service `other` for one that has no file. What stands there was not written for us.
    package func check() throws(AccountsError) {
        let service = options.service
        guard !service.isEmpty, service.utf8.allSatisfy({ $0.isLetterOrDigit || "-_".utf8.contains($0) }) else {
            throw AccountsError(.badConfiguration, "local.service is no name of a PAM service.")
        }
        let directories = options.directory.map { [$0] } ?? ["/etc/pam.d", "/usr/lib/pam.d"]
        guard directories.contains(where: { access("\($0)/\(service)", R_OK) == 0 }) else {
            throw AccountsError(
                .badConfiguration,
                "There is no PAM service \(service). Write \(directories[0])/\(service).")
        }
    }

    /// The one spelling of the name of somebody whom PAM has admitted.
    ///
    /// Modules such as pam_sss admit `ALICE` with the password of `alice`, and leave the name as it was typed; the host's
    /// accounts know it. Nobody can say so of a name that no account has, so it must be in small letters: else one person
    /// would have limits and a second factor for each of its spellings.
    private static func spelling(of user: String, _ options: Options) throws(AccountsError) -> PersonName {
        let service = "PAM service \(options.service)"
        if let name = try options.account(user) { return try PersonName(spelling: name, by: service) }
        guard user.lowercased().hasBytes(of: user) else {
            throw AccountsError(
                .badConfiguration,
                "\(service) admits a name in capital letters that no account of this host has (getpwnam), so nobody can say "
                    + "whether it is another spelling of somebody's. Give such people accounts, or let a module set PAM_USER."
            )
        }
        return try PersonName(spelling: user, by: service)
    }

    package func person(for credentials: Credentials) async throws(AccountsError) -> Person? {
        guard accepts(credentials) else { return nil }
        try check()
        let options = options
        let user = try await pool.run(limit: options.timeout) { _ throws(AccountsError) in
            var transaction = try PAMTransaction(options, credentials)
            let user = try transaction.authenticate()
            if let problem = transaction.accountProblem {
                options.noteRefusal("PAM service \(options.service) refuses \(credentials.user): \(problem)")
            }
            return try user.map { user throws(AccountsError) in try Self.spelling(of: user, options) }
        }
        return user.map { Person(name: $0, method: name) }
    }
}
