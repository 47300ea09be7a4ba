import Domain
import Testing

struct TrimmedTests {
    @Test(arguments: [
        ("", ""), (" \t\r\n ", ""), ("a", "a"), ("  a b\t", "a b"), ("\r\na\r\n", "a"), ("\u{a0}a\u{2003}", "a"),
        ("é ", "é"),
    ])
    func `white space goes from both ends and stays between`(text: String, expected: String) {
        #expect(text.trimmed == expected)
        #expect(text[...].trimmed == expected)
    }
}
