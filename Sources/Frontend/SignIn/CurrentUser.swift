import Domain
import Logins
import Secrets

/// Who sends a request, as far as that is known.
struct CurrentUser: Sendable, Hashable {
    /// Nil for somebody who has not signed in, and for everybody where nobody needs to.
    var login: Login?
    var isAdmin = false
    /// Whether nobody signs in here: then everybody may do everything. Whoever forgets to ask lets nobody in.
    var authenticationDisabled = false
    /// Where the request comes from; behind a proxy that is trusted, what that says.
    var address = ""
    /// Whether the person's browser speaks TLS, with us or with such a proxy.
    var isSecure = false
    /// What our forms send back, to show that they are ours.
    var formToken = ""

    /// Knows the visitor by the token of a login, if that is still good: who it is, what they may do, and what their
    /// forms send back. Signing in or out makes all forms of before worthless.
    mutating func enter(by token: Secret, at signInService: SignInService) async throws {
        guard let login = try await signInService.logins.login(token: token) else { return }
        self.login = login
        isAdmin = signInService.isAdmin(login.person)
        formToken = signInService.secret.mark(login.id, for: .form)
    }

    /// The name of the person, for sessions and the record; empty for nobody.
    var name: String { login?.person.name.text ?? "" }

    /// Whether they may give a boot script of their own.
    /// - Parameter allowed: Names of people and groups; `*` is everybody who is signed in, or everybody where nobody needs to.
    func mayGiveScript(_ allowed: [String]) -> Bool {
        guard let person = login?.person else { return authenticationDisabled && allowed.contains("*") }
        return allowed.contains("*") || person.name.isAmong(allowed)
            || GroupName.isAny(of: allowed, in: person.groups)
    }

    /// Those of the host's folders that sessions of theirs get.
    func folders(of all: [HostFolder]) -> [HostFolder] {
        all.filter {
            $0.isFor(
                login?.person.name ?? CreateRequest.guest, groups: login?.person.groups ?? [], isKnown: login != nil)
        }
    }

    /// Whether a session is theirs, or they look after all of them.
    func mayUse(_ session: Session, _ secret: ServiceSecret) -> Bool {
        authenticationDisabled || isAdmin || owns(session, secret)
    }

    /// Whether they signed in as whose session it is. Who can write to Redis makes nobody's session another one's.
    func owns(_ session: Session, _ secret: ServiceSecret) -> Bool {
        login?.person.name == session.request.owner && secret.hasGiven(session.request, to: session.id)
    }
}
