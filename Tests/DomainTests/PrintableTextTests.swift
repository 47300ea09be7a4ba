import Domain
import Foundation
import Testing

struct PrintableTextTests {
    @Test(arguments: [
        ("alice", "alice"), ("", "\"\""), ("two words", "\"two words\""), ("a=b", "\"a=b\""),
        ("x audit.who=boss", "\"x audit.who=boss\""), ("say \"hi\"", "\"say \\\"hi\\\"\""), ("a\\", "\"a\\\\\""),
        ("\u{1B}[2J", "\"\\u{1b}[2J\""), ("a\nb", "\"a\\nb\""), ("a\r\n", "\"a\\u{d}\\n\""),
        ("\u{9B}31m", "\"\\u{9b}31m\""),
        ("\u{202E}evil", "\"\\u{202e}evil\""), ("a\u{2028}b", "\"a\\u{2028}b\""), ("a\u{A0}b", "\"a\\u{a0}b\""),
        ("jos\u{E9}", "jos\u{E9}"), ("\u{200B}", "\"\\u{200b}\""), ("a\tb", "\"a\\u{9}b\""),
    ])
    func `a value of the log can be mistaken for nothing else`(value: String, text: String) {
        #expect(value.logText() == text)
        #expect(!value.logText().unicodeScalars.contains { $0.isInvisible })
    }

    @Test func `different values have different texts`() {
        let values = ["a", "\"a\"", "a ", " a", "\\u{1b}", "\u{1B}", "\\n", "\n", "", "\"\"", "a=b", "\"a=b\""]
        #expect(Set(values.map { $0.logText() }).count == values.count)
    }

    @Test func `words may be without quotes where a field can't be among them`() {
        #expect("scheduler leads".logText(words: true) == "scheduler leads")
        #expect("leads term=9".logText(words: true) == "\"leads term=9\"")
    }

    @Test func `a terminal gets numbers in place of what it would obey`() {
        #expect("a\u{1B}]0;x\u{7}b\nc".printable() == "a\\u{1b}]0;x\\u{7}b\\u{a}c")
        #expect("a\u{9B}b\nc\td".printable(lines: true) == "a\\u{9b}b\nc\td")
        #expect("\u{5D0} \u{E9}".printable() == "\u{5D0} \u{E9}")
    }

    @Test func `JSON means the same`() throws {
        let value = ["\u{202E}a\u{9B}\u{7F}\u{E0041}\n\u{1F600}"]
        let text = String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
        #expect(!text.printableJSON.unicodeScalars.contains { $0.isInvisible })
        #expect(try JSONDecoder().decode([String].self, from: Data(text.printableJSON.utf8)) == value)
    }
}
