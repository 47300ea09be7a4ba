/// A plain value of Perl.
enum PerlValue: Sendable, Hashable {
    /// A text or a number, which are one in Perl.
    case text(String)
    case list([String])

    /// The members of a list; a text alone is its only one. Empty texts are none.
    var members: [String] {
        switch self {
        case .text(let text): text.isEmpty ? [] : [text]
        case .list(let members): members.filter { !$0.isEmpty }
        }
    }

    /// The one text that it is, empty for an empty list; nil for several.
    var text: String? { members.count < 2 ? members.first ?? "" : nil }

    var number: Double? { text.flatMap { Double($0) } }

    /// As Perl sees it (perlsyn, "Truth and Falsehood").
    var isTrue: Bool { !members.isEmpty && text != "0" }
}
