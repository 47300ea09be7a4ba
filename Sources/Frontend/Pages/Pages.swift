import Logins
import Domain

/// Makes the pages of one language from what the routes found out.
struct Pages: Sendable {
    let texts: Texts
    let options: FrontendOptions
    let address: PublicAddress
    /// Who looks at them.
    private(set) var visitor = Visitor()
    /// Whether somebody may sign in by a mailed code.
    private(set) var mailsCodes = false
    private let templates: Templates

    /// - Parameter noVNC: Address of the module that shows a desktop.
    init(options: FrontendOptions, noVNC: String = "") throws {
        texts = try .english()
        address = PublicAddress(publicURL: options.publicURL)
        self.options = options
        var constants = Assets.addresses(base: address.base)
        constants["base"] = address.base
        constants["version"] = options.version
        constants["novnc"] = noVNC
        templates = try Templates(texts: texts, constants: constants)
    }

    /// The pages for somebody.
    /// - Parameter desk: Nil where nobody signs in.
    func seen(by visitor: Visitor, desk: SignInDesk?) -> Pages {
        var pages = self
        pages.visitor = visitor
        pages.mailsCodes = desk.map { $0.hasMail && !$0.options.emailDomains.isEmpty } ?? false
        return pages
    }

    func render(_ name: String, _ model: Templates.Model) -> String {
        var model = model
        if model["csrf"] == nil { model["csrf"] = visitor.formToken }
        model["isOpenHouse"] = visitor.isOpenHouse
        model["isAdmin"] = visitor.isAdmin
        if let login = visitor.login {
            model["who"] = login.person.name.text
        } else if !visitor.isOpenHouse {
            model["isStranger"] = true
        }
        return templates.render(name, model)
    }

    func path(of session: SessionID) -> String { "\(address.base)/sessions/\(session)" }
}
