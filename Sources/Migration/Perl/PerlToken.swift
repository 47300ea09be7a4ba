/// A word of a Perl file, as far as assignments of plain values need it.
struct PerlToken: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case word(String)
        /// With its sign: `$config`, `%config`.
        case variable(String)
        case number(String)
        /// A text in quotes; one that is not plain has variables in it.
        case text(String, isPlain: Bool)
        /// `qw(...)`.
        case words([String])
        case sign(Character)
    }

    var kind: Kind
    var line: Int

    /// All of a file, without comments and documentation.
    static func all(of text: String) -> [PerlToken] {
        var scanner = PerlScanner(text)
        return scanner.tokens()
    }
}

private struct PerlScanner {
    private let text: [Character]
    private var place = 0
    private var line = 1

    /// "Line feed" alone ends a line here, so that a file of another system has its lines counted too.
    init(_ text: String) { self.text = text.map { $0.isNewline ? "\n" : $0 } }

    private var next: Character? { place < text.count ? text[place] : nil }

    private mutating func advance() {
        if text[place] == "\n" { line += 1 }
        place += 1
    }

    private mutating func take(while isWanted: (Character) -> Bool) -> String {
        var taken = ""
        while let next, isWanted(next) {
            taken.append(next)
            advance()
        }
        return taken
    }

    mutating func tokens() -> [PerlToken] {
        var found: [PerlToken] = []
        while let character = next {
            if isAtDocumentation {
                skipDocumentation()
            } else if character.isWhitespace {
                advance()
            } else if character == "#" {
                _ = take { $0 != "\n" }
            } else {
                let start = line
                let kind = token(character)
                // What follows is data.
                if kind == .word("__END__") || kind == .word("__DATA__") { break }
                found.append(PerlToken(kind: kind, line: start))
            }
        }
        return found
    }

    /// `=pod` and its kind begin a line (perlpod).
    private var isAtDocumentation: Bool {
        guard next == "=", place == 0 || text[place - 1] == "\n", place + 1 < text.count else { return false }
        return text[place + 1].isLetter
    }

    private mutating func skipDocumentation() {
        while next != nil {
            let words = take { $0 != "\n" }
            if next != nil { advance() }
            if words.hasPrefix("=cut") { return }
        }
    }

    private mutating func token(_ character: Character) -> PerlToken.Kind {
        if character.isNumber {
            return .number(take { $0.isNumber || $0 == "." || $0 == "_" }.replacing("_", with: ""))
        }
        if character.isLetter || character == "_" {
            let word = take { $0.isLetter || $0.isNumber || $0 == "_" }
            return word == "qw" ? words() ?? .word(word) : .word(word)
        }
        if (character == "'" || character == "\""), let quoted = quoted(character) { return quoted }
        advance()
        if "$%@".contains(character) {
            let name = take { $0.isLetter || $0.isNumber || $0 == "_" }
            if !name.isEmpty { return .variable("\(character)\(name)") }
        }
        return .sign(character)
    }

    /// Nil, with nothing taken, where no quote ends it: it was none.
    private mutating func quoted(_ quote: Character) -> PerlToken.Kind? {
        let (start, startLine) = (place, line)
        var (content, isPlain) = ("", true)
        advance()
        while let character = next {
            advance()
            if character == quote { return .text(content, isPlain: isPlain) }
            guard character == "\\", let escaped = next else {
                if quote == "\"", "$@".contains(character), let next, next.isLetter || "_{".contains(next) {
                    isPlain = false
                }
                content.append(character)
                continue
            }
            advance()
            content += Self.unescaped(escaped, in: quote)
        }
        (place, line) = (start, startLine)
        return nil
    }

    private static func unescaped(_ character: Character, in quote: Character) -> String {
        if quote == "'" { return character == "'" || character == "\\" ? "\(character)" : "\\\(character)" }
        return switch character {
        case "n": "\n"
        case "t": "\t"
        default: "\(character)"
        }
    }

    private mutating func words() -> PerlToken.Kind? {
        let (start, startLine) = (place, line)
        _ = take(while: \.isWhitespace)
        let ends: [Character: Character] = ["(": ")", "[": "]", "{": "}", "<": ">", "/": "/", "|": "|"]
        guard let open = next, let end = ends[open] else {
            (place, line) = (start, startLine)
            return nil
        }
        advance()
        let content = take { $0 != end }
        if next != nil { advance() }
        return .words(content.split(whereSeparator: \.isWhitespace).map(String.init))
    }
}
