import Domain
import Logins
import Secrets

/// Whether somebody may go on listening: their login and their rights may end while the stream is open.
struct StreamPermit: Sendable {
    let desk: SignInDesk?
    let login: Login?
    /// What the stream tells of; nil for what every person who is signed in may hear.
    let session: Session?

    /// - Throws: `RedisError` while nobody can say; then nothing may be told until somebody can.
    func holds() async throws -> Bool {
        guard let desk else { return true }
        guard let login, let now = try await desk.logins.look(at: login.id) else { return false }
        var visitor = Visitor()
        visitor.login = now
        visitor.isAdmin = desk.isAdmin(now.person)
        return session.map(visitor.mayUse) ?? true
    }

    /// What names the person to all frontends.
    static func mark(of login: Login) -> String { Fingerprint.of("\(login.person.name)") }
}
