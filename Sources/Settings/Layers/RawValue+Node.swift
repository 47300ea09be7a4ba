import Yams

extension RawValue {
    init(_ node: Node) {
        line = node.mark?.line
        switch node {
        case .scalar(let scalar):
            content = Self.content(of: scalar)
        case .sequence(let items):
            content = .list(items.map { RawValue($0) })
        case .mapping(let mapping):
            content = .section(
                mapping.map { (name: YAMLText.unmarked($0.key.scalar?.string ?? ""), value: RawValue($0.value)) })
        case .alias:
            // The parser puts the aliased node in its place, so this never comes from a file.
            content = .tagged("alias")
        }
    }

    /// A mapping in braces as YAML writes it on one line; nil if it is none.
    init?(flow text: String) {
        guard let node = try? YAMLText(text).compose(), case .mapping = node else { return nil }
        self.init(node)
        line = nil
    }

    var isNull: Bool {
        if case .null = content { true } else { false }
    }

    private static func content(of scalar: Node.Scalar) -> Content {
        let tag = scalar.tag.description
        let isText = tag == Tag.Name.str.rawValue
        guard isText || tag == Tag.Name.implicit.rawValue || tag == Tag.Name.nonSpecific.rawValue else {
            return .tagged(tag)
        }
        switch scalar.style {
        case .singleQuoted, .doubleQuoted, .literal, .folded:
            return .quoted(scalar.string)
        case .any, .plain:
            return ["", "~", "null", "Null", "NULL"].contains(scalar.string) ? .null : .plain(scalar.string)
        }
    }
}
