@testable import Accounts
import Domain
import Foundation
import Testing

/// A mail as Python's e-mail library reads it.
struct ParsedMail: Decodable {
    struct Part: Decodable {
        var type: String
        var defects: [String]
        var parts: [Part]?
        var text: String?
        var bytes: [UInt8]?
        var cid: String?
        var disposition: String?
    }

    var headers: [String: String]
    var defects: [String]
    var body: Part
    /// Bytes of the longest line, and line ends that are not CR LF.
    var longest: Int
    var bare: Int

    init(_ bytes: Data) async throws {
        let scratch = try Scratch()
        try bytes.write(to: URL(filePath: scratch.path + "/mail"))
        let command = "exec python3 '\(Tools.script("mail_parts.py"))' < '\(scratch.path)/mail'"
        let json = try await run("/bin/sh", ["-c", command])
        self = try JSONDecoder().decode(ParsedMail.self, from: Data(json.utf8))
    }
}

/// Makes mails for the tests.
struct Letter {
    static func address(_ text: String) throws -> EmailAddress {
        try #require(EmailAddress(text))
    }

    static func plain(
        subject: String = "Your desktop", name: String = "", to: String = "alice@example.org", text: String = "Hello"
    ) throws -> MailMessage {
        MailMessage(
            from: .init(name: "qwd", address: try address("qwd@example.org")),
            to: .init(name: name, address: try address(to)),
            subject: subject, text: text, date: Date(timeIntervalSince1970: 1_700_000_000),
            messageID: "1.2.3@example.org")
    }
}

@Suite(.timeLimit(.minutes(1)))
struct MailMessageTests {
    private func parsed(_ message: MailMessage) async throws -> ParsedMail {
        try await ParsedMail(Data(try message.rendered()))
    }

    @Test func `a text mail has all its headers`() async throws {
        let mail = try await parsed(try Letter.plain())
        #expect(
            mail.headers == [
                "from": "qwd <qwd@example.org>", "to": "alice@example.org", "subject": "Your desktop",
                "date": "Tue, 14 Nov 2023 22:13:20 +0000", "message-id": "<1.2.3@example.org>",
                "auto-submitted": "auto-generated", "mime-version": "1.0",
                "content-type": "text/plain; charset=\"utf-8\"", "content-transfer-encoding": "quoted-printable",
            ])
        #expect(mail.body.text == "Hello\n")
        #expect(mail.defects.isEmpty && mail.body.defects.isEmpty)
    }

    @Test func `a mail with HTML and a picture has them as alternatives of the text`() async throws {
        var message = try Letter.plain(text: "Open https://host/s/1")
        message.html = "<p>Öffnen <a href=\"https://host/s/1?a=b\">hier</a> <img src=\"cid:qr\"></p>"
        let picture = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        message.images = [.init(cid: "qr", type: "image/png", bytes: picture)]
        let mail = try await parsed(message)
        #expect(mail.body.type == "multipart/alternative")
        let parts = try #require(mail.body.parts)
        #expect(parts.map(\.type) == ["text/plain", "multipart/related"])
        #expect(parts[0].text?.trimmingCharacters(in: .newlines) == message.text)
        let related = try #require(parts[1].parts)
        #expect(related.map(\.type) == ["text/html", "image/png"])
        #expect(related[0].text?.trimmingCharacters(in: .newlines) == message.html)
        #expect(related[1].bytes == picture)
        #expect(related[1].cid == "<qr>")
        #expect(related[1].disposition == "inline")
        #expect((parts + related + [mail.body]).allSatisfy { $0.defects.isEmpty })
        #expect(mail.longest <= 76 && mail.bare == 0)
    }

    @Test(arguments: [
        "", "plain", "blank at the end ", "tab\t", "=3D", "ä€😀", ".", "..", "\n", "a\r\nb\nc", "From here",
        String(repeating: "long ", count: 500), String(repeating: "ü", count: 500), String(repeating: "=", count: 500),
        "--=_alternative", "\r\n.\r\nQUIT\r\n", "lone\rreturn",
    ])
    func `every text arrives as it was`(text: String) async throws {
        let mail = try await parsed(try Letter.plain(text: text))
        // Line ends are the reader's own, and the last line has one.
        let expected = text.replacingOccurrences(of: "\r\n", with: "\n") + "\n"
        #expect(mail.body.text == expected)
        #expect(mail.longest <= 76 && mail.bare == 0)
    }

    @Test(arguments: [
        "Your desktop is ready", "Ihr Schreibtisch für die Strahlzeit ist fertig", "=?utf-8?B?eHh4?=", "😀",
        String(repeating: "Grüße ", count: 60), String(repeating: "word ", count: 60) + "end", "a: b, <c> \"d\" \\",
    ])
    func `every subject and name arrives as it was`(text: String) async throws {
        let mail = try await parsed(try Letter.plain(subject: text, name: text))
        #expect(mail.headers["subject"] == text)
        let to = try #require(mail.headers["to"])
        #expect(to.hasSuffix("<alice@example.org>"))
        #expect(to.contains(text.prefix(5)) || text.hasPrefix("a:") || text.hasPrefix("=?"))
        #expect(mail.longest <= 200 && mail.defects.isEmpty)
        #expect(Set(mail.headers.keys).isSubset(of: Self.names))
    }

    private static let names: Set<String> = [
        "from", "to", "subject", "date", "message-id", "auto-submitted", "mime-version", "content-type",
        "content-transfer-encoding",
    ]

    @Test(arguments: ["\r\nBcc: eve@example.org", "a\nb", "a\rb", "a\0b", "a\u{2028}b", "\u{85}"])
    func `a header with a line break is refused`(text: String) throws {
        for message in [try Letter.plain(subject: text), try Letter.plain(name: text)] {
            #expect(throws: AccountsError.self) { try message.rendered() }
        }
        var message = try Letter.plain()
        message.messageID = "1\(text)@example.org"
        #expect(throws: AccountsError.self) { try message.rendered() }
        message = try Letter.plain()
        message.html = ""
        message.images = [.init(cid: text, type: "image/png", bytes: [])]
        #expect(throws: AccountsError.self) { try message.rendered() }
        message.images = [.init(cid: "qr", type: "image/\(text)", bytes: [])]
        #expect(throws: AccountsError.self) { try message.rendered() }
    }

    @Test func `message ids differ and are addresses`() {
        let ids = (0..<100).map { _ in MailMessage.makeMessageID(domain: "example.org") }
        #expect(Set(ids).count == 100)
        #expect(ids.allSatisfy { EmailAddress($0)?.domain == "example.org" })
    }
}
