extension PerlAssignments {
    mutating func value() -> PerlValue? {
        if let text = scalar() { return .text(text) }
        if take(.word("undef")) { return .list([]) }
        if case .words(let words)? = kind {
            place += 1
            return .list(words)
        }
        let end: PerlToken.Kind
        if take(.sign("(")) { end = .sign(")") } else if take(.sign("[")) { end = .sign("]") } else { return nil }
        var members: [String] = []
        while !take(end) {
            if take(.sign(",")) { continue }
            if case .words(let words)? = kind {
                place += 1
                members += words
            } else if let text = scalar() {
                members.append(text)
            } else {
                return nil
            }
        }
        return .list(members)
    }

    private mutating func scalar() -> String? {
        let sign = take(.sign("-")) ? "-" : ""
        switch kind {
        case .number(let text):
            place += 1
            return sign + text
        case .text(let text, isPlain: true) where sign.isEmpty:
            place += 1
            return text
        default: return nil
        }
    }

    /// Goes behind the statement's end: its semicolon, or the brace that closes the block which it is.
    mutating func skipStatement(isBlock: Bool = false) {
        skip { kind, depth in depth <= 0 && (kind == .sign(";") || isBlock && kind == .sign("}")) }
        place += 1
    }

    /// Goes to the comma or the bracket that ends a member.
    mutating func skipMember() {
        skip { kind, depth in kind == .sign(",") && depth == 0 || depth < 0 }
    }

    /// - Parameter isEnd: Gets each token, and how many brackets are open behind it that were not when this began.
    private mutating func skip(to isEnd: (PerlToken.Kind, _ depth: Int) -> Bool) {
        var depth = 0
        while let kind {
            if case .sign(let sign) = kind {
                if "([{".contains(sign) { depth += 1 }
                if ")]}".contains(sign) { depth -= 1 }
            }
            if isEnd(kind, depth) { return }
            place += 1
        }
    }
}
