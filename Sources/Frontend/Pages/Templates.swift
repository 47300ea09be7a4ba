import Mustache

/// The pages' templates, compiled once.
///
/// Beside Mustache's own tags a template has `[[key]]`: a text of the language or a constant of this service. These are
/// filled in before the template is compiled, so they cost nothing when a page is rendered.
struct Templates: Sendable {
    /// Names and values that the pages' rendering looks up by name.
    typealias Model = [String: Any]

    struct UnknownText: Error, CustomStringConvertible {
        let template: String
        let key: String
        var description: String { "The template \(template) uses the text \(key), which the language does not have." }
    }

    static let sources: [(name: String, bytes: [UInt8])] = [
        ("layout", PackageResources.layout_mustache), ("logo", PackageResources.logo_mustache),
        ("form", PackageResources.form_mustache), ("session", PackageResources.session_mustache),
        ("stop", PackageResources.stop_mustache),
        ("manage", PackageResources.manage_mustache), ("error", PackageResources.error_mustache),
        ("sign-in", PackageResources.sign_in_mustache), ("code", PackageResources.code_mustache),
        ("recovery", PackageResources.recovery_mustache), ("account", PackageResources.account_mustache),
        ("audit", PackageResources.audit_mustache), ("mail", PackageResources.mail_mustache),
        ("display", PackageResources.display_mustache),
        ("status", PackageResources.status_mustache),
    ]

    private let library: MustacheLibrary

    init(texts: Texts, constants: [String: String]) throws {
        var library = MustacheLibrary()
        for (name, bytes) in Self.sources {
            let source = try Self.fill(String(decoding: bytes, as: UTF8.self), of: name) { key in
                constants[key] ?? texts.find(key)
            }
            library.register(try MustacheTemplate(string: source), named: name)
        }
        self.library = library
    }

    func render(_ name: String, _ model: Model) -> String {
        library.render(model, withTemplate: name) ?? ""
    }

    private static func fill(_ source: String, of name: String, lookUp: (String) -> String?) throws -> String {
        var pieces = source.split(separator: "[[", omittingEmptySubsequences: false)[...]
        var filled = String(pieces.removeFirst())
        for piece in pieces {
            let halves = piece.split(separator: "]]", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, let text = lookUp(String(halves[0])) else {
                throw UnknownText(template: name, key: String(halves[0]))
            }
            filled += HTML.escape(text) + halves[1]
        }
        return filled
    }
}
