import Foundation
import Settings
import Testing

/// `docs/configuration.md` says what the table of keys says.
struct DocumentationTests {
    let page: String

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        page = try String(contentsOf: root.appending(path: "docs/configuration.md"), encoding: .utf8)
    }

    @Test func `each key has its row in the documentation`() {
        for key in SettingsSchema.keys where !lines.contains(key.documentationRow[...]) {
            Issue.record("docs/configuration.md needs this row:\n\(key.documentationRow)")
        }
    }

    @Test func `each row of the documentation is of a key`() {
        let rows = lines.filter { $0.hasPrefix("| `") && !$0.contains("QWD_") }
        #expect(rows.count == SettingsSchema.keys.count)
    }

    @Test func `each example of the documentation is right`() throws {
        let examples = page.split(separator: "```yaml\n").dropFirst().compactMap { $0.split(separator: "```").first }
        #expect(!examples.isEmpty)
        for example in examples { #expect(try ConfigurationDirectory(String(example)).errors() == []) }
    }

    private var lines: [Substring] { page.split(separator: "\n") }
}
