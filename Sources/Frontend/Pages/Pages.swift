import Domain

/// Makes the pages of one language from what the routes found out.
struct Pages: Sendable {
    let texts: Texts
    let options: FrontendOptions
    let address: PublicAddress
    private let templates: Templates

    init(options: FrontendOptions) throws {
        texts = try .english()
        address = PublicAddress(publicURL: options.publicURL)
        self.options = options
        var constants = Assets.addresses(base: address.base)
        constants["base"] = address.base
        constants["version"] = options.version
        templates = try Templates(texts: texts, constants: constants)
    }

    func render(_ name: String, _ model: Templates.Model) -> String { templates.render(name, model) }

    func path(of session: SessionID) -> String { "\(address.base)/sessions/\(session)" }
}
