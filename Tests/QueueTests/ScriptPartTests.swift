@testable import Queue
import Redis
import Testing

/// Lua finds out only at the call that a name is not there, so a script without one of its parts would fail on a rare way.
struct ScriptPartTests {
    @Test(arguments: Scripts.all.map(\.name))
    func `a script has every part that it uses`(name: String) throws {
        let script = try #require(Scripts.all.first { $0.name == name })
        let words = Self.words(script.source)
        let there = Self.names(script.source)
        for part in ScriptPart.allCases {
            let missing = words.intersection(Self.names(ScriptPart.text([part]))).subtracting(there)
            #expect(missing.subtracting(Self.own(script.source)) == [], "\(name) and \(part)")
        }
    }

    /// The functions and values that a text makes for all that stands behind.
    private static func names(_ text: String) -> Set<String> {
        Set(
            text.split(separator: "\n").compactMap { line in
                line.hasPrefix("local ") ? line.firstMatch(of: /^local (?:function )?(\w+)/).map { String($0.1) } : nil
            })
    }

    /// Names that a function keeps to itself, its arguments with them.
    private static func own(_ text: String) -> Set<String> {
        let lists = text.matches(of: /local ([\w, ]+) =|for ([\w, ]+) in|function \w*\(([\w, .]*)\)|for (\w+) =/)
        let names = lists.flatMap { list -> [Substring] in [list.1, list.2, list.3, list.4].compactMap { $0 } }
        return Set(names.flatMap { $0.split(separator: ", ") }.map(String.init))
    }

    private static func words(_ text: String) -> Set<String> {
        let code = text.replacing(/--[^\n]*/, with: "").replacing(/'[^']*'/, with: "")
        return Set(code.matches(of: /\w+/).map { String($0.0) })
    }
}
