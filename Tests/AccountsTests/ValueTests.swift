@testable import Accounts
import Domain
import Testing

struct ValueTests {
    @Test func `a secret is in no description of anything`() throws {
        let secret = Secret("hunter2")
        var ldap = LDAPMethod.Options(url: "ldap://host", base: "dc=x")
        ldap.bindPassword = secret
        var mail = MailServer.Options(url: "smtp://host")
        mail.password = secret
        let credentials = Credentials(user: "alice", password: secret)
        let totp = try #require(TOTP(base32: Secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")))
        let values: [Any] = [
            secret, credentials, ldap, mail, LDAPMethod(ldap), MailServer(mail), totp, [secret], ["key": secret],
            Optional(secret) as Any, PAMConversation(credentials),
        ]
        for value in values {
            var text = "\(value) \(String(reflecting: value))"
            dump(value, to: &text)
            #expect(!text.contains("hunter2") && !text.contains("GEZDGNBV") && !text.contains("49, 50, 51"))
        }
        #expect("\(secret)" == "<redacted>")
        #expect(secret.debugDescription == "<redacted>")
    }

    @Test(arguments: [
        "alice@example.org", "a.b+c@sub.example.org", "o'brien@x.y", "root@localhost", "1@2.3",
        "a@xn--bcher-kva.example",
    ])
    func `these are addresses`(text: String) {
        #expect(EmailAddress(text)?.text == text)
    }

    @Test(arguments: [
        "", "alice", "@", "@x.org", "alice@", "a@b@c", ".a@x.org", "a.@x.org", "a..b@x.org", "a b@x.org", "a@x..org",
        "a@.org", "a@x.", "a@-x.org", "a@x-.org", "a@x_y.org", "\"a\"@x.org", "a@[127.0.0.1]", "ä@x.org", "a@ä.org",
        "a@x.org\r\nBcc: b@x.org", "a@x.org>", "<a@x.org>", "a,b@x.org", "a@x.org ", "a\0@x.org",
        String(repeating: "a", count: 65) + "@x.org", "a@" + String(repeating: "a", count: 64) + ".org",
        "a@" + String(repeating: "a.", count: 130) + "org",
    ])
    func `these are not`(text: String) {
        #expect(EmailAddress(text) == nil)
    }

    @Test func `a domain is compared whole and without regard to case`() throws {
        let address = try #require(EmailAddress("Alice@Example.ORG"))
        #expect(address.text == "Alice@example.org")
        #expect(address.isAllowed(in: ["other.org", "EXAMPLE.org"]))
        for domains in [[], ["org"], ["ample.org"], ["www.example.org"], ["example.org."], ["*"], [""]] {
            #expect(!address.isAllowed(in: domains))
        }
    }

    @Test(arguments: [
        ("*)(cn=*", "\\2a\\29\\28cn\\3d\\2a"), ("a\\b", "a\\5cb"), ("a\0b", "a\\00b"), ("Jörg", "J\\c3\\b6rg"),
        ("alice@example.org", "alice@example.org"), ("&|!<>~", "\\26\\7c\\21\\3c\\3e\\7e"), ("{user}", "\\7buser\\7d"),
    ])
    func `nothing typed means anything in a filter`(text: String, escaped: String) {
        #expect(LDAPFilter.escaped(text) == escaped)
        #expect(LDAPFilter.filled("(|(uid={user})(cn={user}))", user: text) == "(|(uid=\(escaped))(cn=\(escaped)))")
    }

    @Test(arguments: [
        ("smtp://host", "host", nil as Int?), ("smtps://mail.example.org:465/", "mail.example.org", 465),
        ("SMTP://10.0.0.1:25", "10.0.0.1", 25), ("smtp://[::1]:587", "::1", 587),
        ("smtp://[fe80::1]", "fe80::1", nil),
    ])
    func `a server's address is read from its URL`(url: String, host: String, port: Int?) throws {
        let address = try ServerURL(url, schemes: ["smtp", "smtps"], option: "mail.url")
        #expect(address.authority.hostText == host)
        #expect(address.port == port)
    }

    @Test(arguments: [
        "", "smtp:", "smtp://", "smtp:///", "smtp://:25", "smtp://host:", "smtp://host:0", "smtp://host:65536",
        "smtp://host:+25", "smtp://host/path", "smtp://host?x", "smtp://user@host", "smtp://user:hunter2@host",
        "smtp://ho st", "smtp://host\n", "smtp://[", "smtp://[]", "smtp://[::1", "ftp://host", "host", "smtp://ä",
    ])
    func `what is no server's address is refused without being repeated`(url: String) {
        let error = #expect(throws: AccountsError.self) {
            try ServerURL(url, schemes: ["smtp", "smtps"], option: "mail.url")
        }
        #expect(error?.code == .badConfiguration)
        #expect(error?.detail.contains("mail.url") == true)
        #expect(error?.detail.contains("hunter2") == false)
    }

    @Test func `only the answer to its own question proves a password`() {
        func answer(_ lines: [(isOurs: Bool, String)]) -> AuthReplyObserver.Answer {
            let observer = AuthReplyObserver()
            for line in lines { line.isOurs ? observer.sent(line.1) : observer.received(line.1) }
            return observer.answer
        }
        #expect(answer([(false, "235 ok")]) == .none)
        #expect(answer([(true, "EHLO x"), (false, "235 ok")]) == .none)
        #expect(answer([(true, "AUTH PLAIN"), (false, "334 "), (true, "QVVUSA=="), (false, "235 ok")]) == .accepted)
        #expect(answer([(true, "AUTH PLAIN"), (false, "535 no"), (false, "235 ok")]) == .refused)
        #expect(answer([(true, "AUTH PLAIN"), (false, "454 later")]) == .undecided)
        #expect(answer([(true, "AUTH PLAIN"), (false, "534 weak")]) == .undecided)
        #expect(answer([(true, "A1 LOGIN a b"), (false, "* OK hello"), (false, "A0 OK")]) == .none)
        #expect(answer([(true, "A1 AUTHENTICATE PLAIN\r\n"), (false, "+ "), (false, "A1 OK")]) == .accepted)
        #expect(answer([(true, "A1 AUTHENTICATE PLAIN"), (false, "A1 NO [AUTHENTICATIONFAILED]")]) == .refused)
        #expect(answer([(true, "A1 AUTHENTICATE PLAIN"), (false, "A1 no")]) == .refused)
        #expect(answer([(true, "A1 AUTHENTICATE PLAIN"), (false, "A1 NO [UNAVAILABLE]")]) == .undecided)
        #expect(answer([(true, "A1 AUTHENTICATE PLAIN"), (false, "A1 BAD")]) == .undecided)
        #expect(answer([(true, "A1 AUTHENTICATE PLAIN"), (false, "A12 OK")]) == .none)
    }
}
