import Domain
import Logins
import Secrets

/// Whether somebody may go on listening: their login and their rights may end while the stream is open.
struct StreamPermit: Sendable {
    /// What the stream tells of.
    enum Subject: Sendable {
        case session(Session)
        /// What is the person's own.
        case own
        case everything
    }

    let signInService: SignInService?
    let login: Login?
    let subject: Subject

    /// - Throws: `RedisError` while nobody can say; then nothing may be told until somebody can.
    func holds() async throws -> Bool {
        guard let signInService else { return true }
        guard let login, let now = try await signInService.logins.look(at: login.id) else { return false }
        var currentUser = CurrentUser()
        currentUser.login = now
        currentUser.isAdmin = signInService.isAdmin(now.person)
        return switch subject {
        case .session(let session): currentUser.mayUse(session, signInService.secret)
        case .own: true
        case .everything: currentUser.isAdmin
        }
    }

    /// What names the person to all frontends.
    static func mark(of login: Login) -> String { Fingerprint.of("\(login.person.name)") }
}
