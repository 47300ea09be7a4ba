@testable import Accounts
import Domain
import Testing

@Suite(
    .timeLimit(.minutes(1)),
    .enabled(if: Tools.exists(Tools.python), "needs the Python of QWDTEST_PYTHON with aiosmtpd"))
struct SMTPTests {
    private func signIn(_ user: String, _ password: String, _ url: String, ca: String? = nil) async throws -> Person? {
        var options = MailAccountOptions(url: url)
        options.ca = if let ca { ca } else { try await Certificates.shared.ca }
        options.mailDomain = "example.org"
        options.timeout = .seconds(20)
        return try await SMTPMethod(options).person(for: Credentials(user: user, password: Secret(password)))
    }

    @Test(arguments: [("smtp", "starttls"), ("smtps", "tls")])
    func `a password is checked over STARTTLS and TLS`(scheme: String, behaviour: String) async throws {
        let server = try await PythonServer("smtpd.py")
        let url = "\(scheme)://127.0.0.1:\(try server.port(behaviour))"
        let alice = Person(name: "alice", email: "alice@example.org", method: "smtp")
        #expect(try await signIn("alice", "secret", url) == alice)
        #expect(try await signIn("alice@example.org", "secret", url) == alice)
        for (user, password) in [("alice", "wrong"), ("nobody", "secret"), ("alice", "")] {
            #expect(try await signIn(user, password, url) == nil)
        }
        #expect(try server.mails().isEmpty)
    }

    @Test(arguments: [("smtp", "noauth"), ("smtps", "noauth-tls"), ("smtp", "emptyauth")])
    func `a server without AUTH lets nobody in`(scheme: String, behaviour: String) async throws {
        let server = try await PythonServer("smtpd.py")
        let error = await #expect(throws: AccountsError.self) {
            try await self.signIn("alice", "secret", "\(scheme)://127.0.0.1:\(server.port(behaviour))")
        }
        #expect(error?.code == .badConfiguration)
    }

    @Test(arguments: ["plain", "plain-auth"])
    func `a server without TLS can't decide`(behaviour: String) async throws {
        let server = try await PythonServer("smtpd.py")
        let error = await #expect(throws: AccountsError.self) {
            try await self.signIn("alice", "secret", "smtp://127.0.0.1:\(server.port(behaviour))")
        }
        #expect(error?.code == .insecure)
    }

    @Test func `a server that can't check passwords now does not refuse them`() async throws {
        let server = try await PythonServer("smtpd.py")
        let error = await #expect(throws: AccountsError.self) {
            try await self.signIn("busy", "secret", "smtps://127.0.0.1:\(server.port("tls"))")
        }
        #expect(error?.code == .unavailable)
    }

    @Test(arguments: [("smtp", "starttls"), ("smtps", "tls")])
    func `a certificate of another authority is refused`(scheme: String, behaviour: String) async throws {
        let server = try await PythonServer("smtpd.py")
        let error = await #expect(throws: AccountsError.self) {
            try await self.signIn(
                "alice", "secret", "\(scheme)://127.0.0.1:\(server.port(behaviour))",
                ca: try await Certificates.shared.otherCA)
        }
        #expect(error?.code == .insecure)
    }
}
