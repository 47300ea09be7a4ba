import Yams

extension RawValue {
    init(_ node: Node) {
        line = node.mark?.line
        switch node {
        case .scalar(let scalar):
            content = Self.content(of: scalar)
        case .sequence(let items):
            content = .list(items.map { RawValue($0) })
        case .mapping:
            content = .section
        case .alias:
            // The parser puts the aliased node in its place, so this never comes from a file.
            content = .tagged("alias")
        }
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
