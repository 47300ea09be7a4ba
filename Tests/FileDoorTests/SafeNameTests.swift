import Testing

@testable import FileDoor

struct SafeNameTests {
    @Test(arguments: [
        ("report.pdf", "report.pdf"), ("../../etc/passwd", "passwd"), ("C:\\data\\a.txt", "a.txt"), ("-rf", "rf"),
        ("--help", "help"), (".bashrc", "bashrc"), ("..", "file"), ("", "file"), ("/", "file"),
        ("a\nb\u{0}c.txt", "a_b_c.txt"),
        ("a:b*c?.txt", "a_b_c_.txt"), ("Größe 日本.txt", "Größe 日本.txt"), ("evil\u{202E}txt.exe", "evil_txt.exe"),
        (" x . ", "x"), ("🙂", "🙂"),
    ])
    func `a name is harmless`(given: String, name: String) {
        #expect(SafeName.make(given) == name)
    }

    @Test func `a long name keeps its end`() {
        let name = SafeName.make(String(repeating: "ä", count: 300) + ".tar.gz")
        #expect(name.utf8.count <= SafeName.longest && name.hasSuffix("ä.gz"))
        #expect(SafeName.make(String(repeating: "x", count: 300)).utf8.count == SafeName.longest)
    }

    @Test func `the second one of a name has a number`() {
        #expect(SafeName.numbered("a.txt", 1) == "a.txt" && SafeName.numbered("a.txt", 2) == "a (2).txt")
        #expect(SafeName.numbered("a", 3) == "a (3)")
    }
}
