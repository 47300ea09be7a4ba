/// The plain assignments of a configuration in Perl. Nothing is evaluated: what is more than a number, a text or a list of them is
/// named with its line.
struct PerlAssignments: Sendable {
    struct Assignment: Sendable, Hashable {
        var key: String
        var value: PerlValue
        var line: Int
    }

    /// Something that only Perl could tell the meaning of.
    struct Riddle: Sendable, Hashable {
        /// The key that it would have set, where that is known.
        var key: String?
        var line: Int
    }

    private(set) var assignments: [Assignment] = []
    private(set) var riddles: [Riddle] = []
    let tokens: [PerlToken]
    var place = 0

    init(_ text: String) {
        tokens = PerlToken.all(of: text)
        while place < tokens.count { readStatement() }
    }

    var kind: PerlToken.Kind? { place < tokens.count ? tokens[place].kind : nil }
    private var line: Int { place < tokens.count ? tokens[place].line : tokens.last?.line ?? 1 }

    mutating func take(_ wanted: PerlToken.Kind) -> Bool {
        guard kind == wanted else { return false }
        place += 1
        return true
    }

    private mutating func readStatement() {
        let (start, startLine) = (place, line)
        if readsNothing() || readsKey() || readsHash() { return }
        place = start
        riddles.append(Riddle(line: startLine))
        let blocks = ["sub", "if", "unless", "foreach", "for", "while", "BEGIN"]
        skipStatement(isBlock: blocks.contains { kind == .word($0) })
    }

    /// What has no meaning for the configuration: `1;`, `use strict;`, `our %config;`.
    private mutating func readsNothing() -> Bool {
        let start = place
        if take(.sign(";")) { return true }
        let isTold = [.word("use"), .word("no"), .word("package")].contains { take($0) }
        if isTold {
            skipStatement()
            return true
        }
        _ = take(.word("return"))
        if take(.number("1")), take(.sign(";")) || kind == nil { return true }
        place = start
        if take(.word("our")) || take(.word("my")), take(.variable("%config")), take(.sign(";")) { return true }
        place = start
        return false
    }

    /// `$config{key} = value;`
    private mutating func readsKey() -> Bool {
        let start = place
        let startLine = line
        guard take(.variable("$config")) else { return false }
        if take(.sign("-")) { _ = take(.sign(">")) }
        guard take(.sign("{")), let key = name(), take(.sign("}")), take(.sign("=")) else {
            place = start
            return false
        }
        let valueStart = place
        if let value = value(), take(.sign(";")) || kind == nil {
            assignments.append(Assignment(key: key, value: value, line: startLine))
        } else {
            place = valueStart
            riddles.append(Riddle(key: key, line: startLine))
            skipStatement()
        }
        return true
    }

    /// `%config = ( key => value, ... );`
    private mutating func readsHash() -> Bool {
        let start = place
        _ = take(.word("our")) || take(.word("my"))
        guard take(.variable("%config")) || take(.variable("$config")), take(.sign("=")),
            take(.sign("(")) || take(.sign("{"))
        else {
            place = start
            return false
        }
        while let kind, kind != .sign(")"), kind != .sign("}") {
            if take(.sign(",")) || take(.variable("%config")) { continue }
            let start = place
            readPair()
            // A bracket that nobody has opened ends no member.
            if place == start { place += 1 }
        }
        place += 1
        _ = take(.sign(";"))
        return true
    }

    private mutating func readPair() {
        let startLine = line
        let key = name()
        guard key != nil, take(.sign("=")), take(.sign(">")) else {
            riddles.append(Riddle(key: key, line: startLine))
            return skipMember()
        }
        let valueStart = place
        if let key, let value = value(), isAtMembersEnd {
            assignments.append(Assignment(key: key, value: value, line: startLine))
        } else {
            place = valueStart
            riddles.append(Riddle(key: key, line: startLine))
            skipMember()
        }
    }

    private var isAtMembersEnd: Bool { kind == nil || [.sign(","), .sign(")"), .sign("}")].contains(kind) }

    private mutating func name() -> String? {
        switch kind {
        case .word(let text), .text(let text, isPlain: true):
            place += 1
            return text
        default: return nil
        }
    }
}
