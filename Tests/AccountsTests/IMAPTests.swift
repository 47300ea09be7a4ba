@testable import Accounts
import Domain
import Testing

@Suite(.timeLimit(.minutes(1)), .enabled(if: Tools.canRunDovecot, "needs Debian's dovecot-imapd, and root for it"))
struct IMAPTests {
    private func signIn(
        _ user: String, _ password: String, _ url: String, ca: String? = nil, domain: String = "",
        limit: Duration = .seconds(20)
    ) async throws -> Person? {
        var options = MailAccountOptions(url: url)
        options.ca = if let ca { ca } else { try await Certificates.shared.ca }
        options.mailDomain = domain
        options.timeout = limit
        return try await IMAPMethod(options).person(for: Credentials(user: user, password: Secret(password)))
    }

    @Test(arguments: ["imap", "imaps"])
    func `a password is checked over STARTTLS and TLS`(scheme: String) async throws {
        let server = try await Dovecot()
        let url = "\(scheme)://127.0.0.1:\(scheme == "imap" ? server.port : server.tlsPort)"
        #expect(try await signIn("alice", "secret", url) == Person(name: "alice", method: "imap"))
        for (user, password) in [("alice", "wrong"), ("nobody", "secret"), ("alice", ""), ("", "secret")] {
            #expect(try await signIn(user, password, url) == nil)
        }
    }

    @Test func `alice is the same person with and without the mail domain`() async throws {
        let server = try await Dovecot()
        let url = "imaps://127.0.0.1:\(server.tlsPort)"
        let alice = Person(name: "alice", email: "alice@example.org", method: "imap")
        #expect(try await signIn("alice", "secret", url, domain: "example.org") == alice)
        #expect(try await signIn("alice@EXAMPLE.org", "secret", url, domain: "Example.org") == alice)
        // Whatever the server makes of these, here they would be other persons than alice.
        let others = [
            "alice@other.org", "alice@", "alice@example.org.", "alice@example.org@example.org", "@example.org",
            "alice%x",
            "alice%example.org", "alice*root", "corp\\alice", "alice/inbox", "alice+x", "\u{FF41}lice", "alice ",
            " alice",
            "alic\u{E9}", "-alice", ".alice", "alice\u{0}", "",
        ]
        for user in others {
            let method = MailAccount("imap", MailAccountOptions(url: url))
            #expect(try method.person(called: user) == nil, "\(user)")
            #expect(try await signIn(user, "secret", url, domain: "example.org") == nil, "\(user)")
        }
        #expect(try await signIn("alice@example.org", "secret", url) == nil, "without a domain nobody has one")
    }

    @Test(arguments: ["imap", "imaps"])
    func `a certificate of another authority is refused`(scheme: String) async throws {
        let server = try await Dovecot()
        let url = "\(scheme)://127.0.0.1:\(scheme == "imap" ? server.port : server.tlsPort)"
        let error = await #expect(throws: AccountsError.self) {
            try await self.signIn("alice", "secret", url, ca: try await Certificates.shared.otherCA)
        }
        #expect(error?.code == .insecure)
        // The system's authorities have not signed it either.
        let other = await #expect(throws: AccountsError.self) {
            try await self.signIn("alice", "secret", url, ca: "")
        }
        #expect(other?.code == .insecure)
    }

    @Test func `a server without TLS can't decide, though it would take the password`() async throws {
        let server = try await Dovecot(offersTLS: false)
        let error = await #expect(throws: AccountsError.self) {
            try await self.signIn("alice", "secret", "imap://127.0.0.1:\(server.port)")
        }
        #expect(error?.code == .insecure)
    }

    @Test func `a server that is down or silent can't decide`() async throws {
        let down = await #expect(throws: AccountsError.self) {
            try await self.signIn("alice", "secret", "imaps://127.0.0.1:\(try Ports.free())")
        }
        #expect(down?.code == .unavailable)
        let silent = try SilentServer()
        for scheme in ["imap", "imaps"] {
            let start = ContinuousClock.now
            let error = await #expect(throws: AccountsError.self) {
                try await self.signIn(
                    "alice", "secret", "\(scheme)://127.0.0.1:\(silent.port)", limit: .milliseconds(300))
            }
            #expect(error?.code == .timeout)
            #expect(ContinuousClock.now - start < .seconds(30))
        }
    }

    @Test(
        .enabled(if: Tools.exists(Tools.python), "needs the Python of QWDTEST_PYTHON"),
        arguments: [
            ("preauth", AccountsError.Code.badConfiguration), ("noauth", .badConfiguration),
            ("unavailable", .unavailable), ("broken", .unavailable),
        ])
    func `only the server's answer to the password admits`(behaviour: String, code: AccountsError.Code) async throws {
        let server = try await PythonServer("imapd.py")
        let error = await #expect(throws: AccountsError.self) {
            try await self.signIn("alice", "wrong", "imaps://127.0.0.1:\(server.port(behaviour))")
        }
        #expect(error?.code == code)
        #expect(try await signIn("alice", "x", "imaps://127.0.0.1:\(server.port("good"))")?.name == "alice")
    }

    @Test(
        .enabled(if: Tools.exists(Tools.python), "needs the Python of QWDTEST_PYTHON"),
        arguments: ["login", "login-ntlm"])
    func `a server that has the LOGIN command alone is asked by it`(behaviour: String) async throws {
        let server = try await PythonServer("imapd.py")
        let port = try server.port(behaviour)
        let url = "imaps://127.0.0.1:\(port)"
        #expect(try await signIn("alice", "pass \"word\\ %41", url)?.name == "alice")
        #expect(try await signIn("alice", "wrong", url) == nil)
    }
}
