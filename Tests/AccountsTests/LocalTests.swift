@testable import Accounts
import Domain
import Glibc
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct LocalTests {
    /// A directory of PAM services, of which none touches the accounts of this machine.
    private func services() throws -> Scratch {
        let scratch = try Scratch()
        let asks = """
            auth [success=1 default=ignore] pam_exec.so expose_authtok quiet \(Tools.script("pam-checker.sh"))
            auth requisite pam_deny.so
            auth required pam_permit.so

            """
        try scratch.write(asks + "account required pam_permit.so\n", to: "qwd")
        try scratch.write(asks + "account required pam_deny.so\n", to: "expired")
        try scratch.write("auth required pam_permit.so\naccount required pam_permit.so\n", to: "everybody")
        try scratch.write("auth required pam_deny.so\naccount required pam_permit.so\n", to: "nobody")
        try scratch.write("auth required pam_nowhere.so\naccount required pam_permit.so\n", to: "broken")
        try scratch.write(
            "auth optional pam_faildelay.so delay=30000000\nauth required pam_deny.so\naccount required pam_permit.so\n",
            to: "delayed")
        try scratch.write("auth required pam_permit.so\naccount required pam_permit.so\n", to: "other")
        return scratch
    }

    private func signIn(
        _ service: String, _ user: String, _ password: String, _ services: Scratch, limit: Duration = .seconds(20)
    ) async throws(AccountsError) -> Person? {
        var options = LocalMethod.Options()
        options.service = service
        options.directory = services.path
        options.timeout = limit
        return try await LocalMethod(options).person(for: Credentials(user: user, password: Secret(password)))
    }

    @Test func `a module is asked with user and password`() async throws {
        let services = try services()
        #expect(try await signIn("qwd", "alice", "secret", services) == Person(name: "alice", method: "local"))
        for (user, password) in [("alice", "wrong"), ("bob", "secret"), ("alice", ""), ("", "secret")] {
            #expect(try await signIn("qwd", user, password, services) == nil)
        }
    }

    @Test func `the host's accounts say how a name is spelt`() async throws {
        // Gone with its last use.
        let services = try services()
        var options = LocalMethod.Options()
        options.service = "everybody"
        options.directory = services.path
        options.timeout = .seconds(20)
        func signIn(_ user: String) async throws(AccountsError) -> Person? {
            try await LocalMethod(options).person(for: Credentials(user: user, password: Secret("x")))
        }
        #expect(try await signIn("root")?.name == "root")
        // No account of this host, and nobody can say whose other spelling it is.
        let error = await #expect(throws: AccountsError.self) { try await signIn("ROOT") }
        #expect(error?.code == .badConfiguration)
        #expect(error?.detail.contains("getpwnam") == true)
        // A name service that does not mind case, as sssd is for Active Directory.
        options.account = { $0.lowercased() == "ann" ? "ann" : nil }
        for user in ["ann", "Ann", "ANN"] { #expect(try await signIn(user)?.name == "ann") }
        options.account = { _ in "a\nb" }
        await #expect(throws: AccountsError.self) { try await signIn("ann") }
        withExtendedLifetime(services) {}
    }

    @Test func `an account that may not sign in is refused, however right the password`() async throws {
        #expect(try await signIn("expired", "alice", "secret", try services()) == nil)
        #expect(try await signIn("nobody", "alice", "secret", try services()) == nil)
        #expect(try await signIn("everybody", "alice", "x", try services())?.name == "alice")
    }

    @Test func `the administrator is told why a right password was refused, and of no wrong one`() async throws {
        let services = try services()
        let told = Mutex<[String]>([])
        var options = LocalMethod.Options()
        options.directory = services.path
        options.noteRefusal = { words in told.withLock { $0.append(words) } }
        for (service, password) in [("expired", "secret"), ("expired", "wrong"), ("everybody", "x")] {
            options.service = service
            _ = try await LocalMethod(options).person(for: Credentials(user: "alice", password: Secret(password)))
        }
        #expect(told.withLock { $0.count } == 1)
        #expect(told.withLock { $0.first }?.hasPrefix("PAM service expired refuses alice: ") == true)
    }

    @Test func `the delay of a refusal holds nobody`() async throws {
        // The module's is longer than the limit.
        #expect(try await signIn("delayed", "alice", "wrong", try services()) == nil)
    }

    @Test(arguments: ["missing", "", "../qwd", "qwd/x"])
    func `a service without a file is not replaced by the one that lets everybody in`(service: String) async throws {
        let error = await #expect(throws: AccountsError.self) {
            try await self.signIn(service, "alice", "secret", try self.services())
        }
        #expect(error?.code == .badConfiguration)
    }

    @Test func `a module that is missing can't decide`() async throws {
        let error = await #expect(throws: AccountsError.self) {
            try await self.signIn("broken", "alice", "secret", try self.services())
        }
        #expect(error?.code == .system)
    }

    @Test func `a module that hangs is left within the limit`() async throws {
        let services = try services()
        let pipe = services.path + "/pipe"
        mkfifo(pipe, 0o600)
        try services.write(
            "auth required pam_exec.so quiet \(Tools.script("pam-waiter.sh")) \(pipe)\n", to: "hanging")
        let start = ContinuousClock.now
        let error = await #expect(throws: AccountsError.self) {
            try await self.signIn("hanging", "alice", "secret", services, limit: .milliseconds(300))
        }
        #expect(error?.code == .timeout)
        #expect(ContinuousClock.now - start < .seconds(30))
        // Lets it go; nobody waits for it any more.
        try await offPool { _ = close(open(pipe, O_WRONLY)) }
    }
}
