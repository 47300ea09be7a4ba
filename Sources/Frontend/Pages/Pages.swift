import Domain
import Logins

/// Makes the pages of one language from what the routes found out.
struct Pages: Sendable {
    let texts: Texts
    let options: FrontendOptions
    let address: SiteURL
    /// Who looks at them.
    private(set) var currentUser = CurrentUser()
    /// Whether somebody may sign in by a mailed code.
    private(set) var mailsCodes = false
    private let templates: Templates

    /// - Parameter noVNC: Address of the module that shows a desktop.
    init(options: FrontendOptions, noVNC: String = "") throws {
        texts = try .english()
        address = SiteURL(publicURL: options.publicURL)
        self.options = options
        var constants = Assets.addresses(base: address.base)
        constants["base"] = address.base
        constants["version"] = options.version
        constants["novnc"] = noVNC
        templates = try Templates(texts: texts, constants: constants)
    }

    /// The pages for somebody.
    /// - Parameter signInService: Nil where nobody signs in.
    func seen(by currentUser: CurrentUser, signInService: SignInService?) -> Pages {
        var pages = self
        pages.currentUser = currentUser
        pages.mailsCodes = signInService.map { $0.hasMail && !$0.options.emailDomains.isEmpty } ?? false
        return pages
    }

    func render(_ name: String, _ model: Templates.Model) -> String {
        var model = model
        if model["csrf"] == nil { model["csrf"] = currentUser.formToken }
        model["authenticationDisabled"] = currentUser.authenticationDisabled
        model["isAdmin"] = currentUser.isAdmin
        if let login = currentUser.login {
            model["who"] = login.person.name.text
        } else if !currentUser.authenticationDisabled {
            model["isStranger"] = true
        }
        return templates.render(name, model)
    }

    func path(of session: SessionID) -> String { "\(address.base)/sessions/\(session)" }
}
