import Domain
import Testing

struct PersonNameTests {
    private func problem(_ text: String) -> PersonNameError? {
        do {
            _ = try PersonName(text)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: ["alice", "alice@example.org", "DOMAIN\\alice", "Anna Maria", "\u{5D0}\u{5D1}", "x:recovery", "1"])
    func `what can be seen is a name`(text: String) {
        #expect(problem(text) == nil)
    }

    @Test(arguments: [
        ("", PersonNameError.empty), (" alice", .spaceAtItsEnds), ("alice\u{A0}", .spaceAtItsEnds),
        ("al\u{7}ice", .invisible), ("al\u{1B}[31mice", .invisible), ("alice\nroot", .invisible),
        ("al\0ice", .invisible), ("al\u{9B}ice", .invisible),
        ("al\u{200B}ice", .invisible), ("alice\u{200D}", .invisible), ("\u{FEFF}alice", .invisible),
        ("al\u{AD}ice", .invisible), ("al\u{202E}ice", .invisible), ("\u{2066}alice", .invisible),
        ("al\u{2028}ice", .invisible), ("alice\u{FE0F}", .invisible), ("al\u{34F}ice", .invisible),
        ("al\u{3164}ice", .invisible), ("alice\u{E0041}", .invisible),
        (String(repeating: "a", count: 255), .tooLong), (String(repeating: "a\u{301}", count: 100_000), .tooLong),
    ])
    func `this is nobody's name`(text: String, error: PersonNameError) {
        #expect(problem(text) == error)
    }

    @Test func `a name has at most 254 bytes in the spelling that names have`() {
        #expect(problem(String(repeating: "a\u{308}", count: 127)) == nil)
        #expect(problem(String(repeating: "a\u{308}", count: 128)) == .tooLong)
    }

    @Test(arguments: [("jose\u{301}", "jos\u{E9}"), ("\u{212A}ate", "Kate"), ("\u{1100}\u{1161}", "\u{AC00}")])
    func `spellings that Unicode calls the same are one name`(one: String, other: String) throws {
        let (one, other) = (try PersonName(one), try PersonName(other))
        #expect(one == other && one.hashValue == other.hashValue)
        #expect(Set([one, other]).count == 1)
        #expect(Array(one.text.utf8) == Array(other.text.utf8))
    }

    @Test func `names are compared by bytes, whatever is recorded`() throws {
        let (composed, decomposed) = (PersonName(recorded: "jos\u{E9}"), PersonName(recorded: "jose\u{301}"))
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect([composed: 1][decomposed] == nil)
        #expect(composed.resembles(decomposed))
        #expect(("jose\u{301}" as PersonName) == composed)
        for other in ["ALICE", "Alice", "a\u{F1}ice"] { #expect(try PersonName(other) != "alice") }
        #expect(("ALICE" as PersonName).resembles("alice"))
        #expect(!("alicia" as PersonName).resembles("alice"))
        #expect(PersonName(recorded: "b") > "a" && !(PersonName(recorded: "a") < "a"))
    }
}
