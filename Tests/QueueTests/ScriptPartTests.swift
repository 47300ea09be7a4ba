@testable import Queue
import Redis
import Testing

/// Lua finds out only at the call that a name is not there, so a script without one of its parts would fail on a rare way.
struct ScriptPartTests {
    @Test(arguments: Scripts.all.map(\.name))
    func `a script has every part that it uses, and no other`(name: String) throws {
        let script = try #require(Scripts.all.first { $0.name == name })
        let base = ScriptPart.text([])
        for part in ScriptPart.allCases {
            let text = String(ScriptPart.text([part]).dropFirst(base.count))
            let isThere = script.source.contains(text)
            // What the script and its other parts say.
            let words = Self.words(isThere ? script.source.replacing(text, with: "") : script.source)
            #expect(!words.isDisjoint(with: Self.names(text)) == isThere, "\(name) and \(part)")
        }
    }

    /// The functions and values that a part makes.
    private static func names(_ text: String) -> Set<String> {
        Set(
            text.split(separator: "\n").compactMap { line in
                line.hasPrefix("local ") ? line.firstMatch(of: /^local (?:function )?(\w+)/).map { String($0.1) } : nil
            })
    }

    private static func words(_ text: String) -> Set<String> {
        let code = text.replacing(/--[^\n]*/, with: "").replacing(/'[^']*'/, with: "")
        return Set(code.matches(of: /\w+/).map { String($0.0) })
    }
}
