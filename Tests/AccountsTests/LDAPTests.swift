@testable import Accounts
import Domain
import Testing

@Suite(.timeLimit(.minutes(1)), .enabled(if: Tools.exists("/usr/sbin/slapd"), "needs Debian's slapd and ldap-utils"))
struct LDAPTests {
    private func options(_ url: String, ca: String = "") async throws -> LDAPMethod.Options {
        var options = LDAPMethod.Options(url: url, base: "dc=example,dc=org")
        options.ca = ca.isEmpty ? try await Certificates.shared.ca : ca
        options.groupsAttribute = "ou"
        options.timeout = .seconds(20)
        return options
    }

    private func signIn(
        _ user: String, _ password: String, _ options: LDAPMethod.Options
    ) async throws(AccountsError) -> Person? {
        try await LDAPMethod(options).person(for: Credentials(user: user, password: Secret(password)))
    }

    @Test func `alice is the same person by her name, her whole name and both addresses`() async throws {
        let server = try await Slapd()
        let options = try await options("ldap://127.0.0.1:\(server.port)")
        for user in ["alice", "ALICE", "Alice Example", "alice@example.org", "A.Example@example.org"] {
            let person = try await signIn(user, "secret", options)
            #expect(
                person
                    == Person(name: "alice", email: "alice@example.org", groups: ["staff", "beamline"], method: "ldap"))
        }
    }

    @Test(arguments: [
        ("alice", "wrong"), ("nobody", "secret"), ("twin", "secret"), ("locked", "secret"),
        ("locked", "x"), ("*", "secret"), ("al*", "secret"), ("*)(cn=*", "secret"), ("alice)(uid=*", "secret"),
        ("*)(|(uid=*", "secret"), ("alice\\2a", "secret"), ("", "secret"),
    ])
    func `these are refused`(user: String, password: String) async throws {
        let server = try await Slapd()
        #expect(try await signIn(user, password, try await options("ldap://127.0.0.1:\(server.port)")) == nil)
        // The server's log has bytes that are not plain ASCII as \xx.
        #expect(!server.log.contains("(uid=*)"))
    }

    @Test func `an entry without the attribute of the name is the administrator's matter, once its password was right`()
        async throws
    {
        let server = try await Slapd()
        let options = try await options("ldap://127.0.0.1:\(server.port)")
        #expect(try await signIn("Nameless", "wrong", options) == nil)
        let error = await #expect(throws: AccountsError.self) { try await signIn("Nameless", "secret", options) }
        #expect(error?.code == .badConfiguration && error?.isTransient == false)
        #expect(error?.detail.contains("sAMAccountName") == true && error?.detail.contains("ldap.user") == true)
    }

    @Test func `an empty password is refused before the server hears of it`() async throws {
        let server = try await Slapd()
        #expect(try await signIn("alice", "", try await options("ldap://127.0.0.1:\(server.port)")) == nil)
        #expect(!server.log.contains("BIND dn="))
        #expect(!server.log.contains("SRCH"))
    }

    @Test func `a name with every special character is found as it is`() async throws {
        let server = try await Slapd()
        var options = try await options("ldap://127.0.0.1:\(server.port)")
        options.userAttribute = "cn"
        #expect(try await signIn("(J\\*rg)", "secret", options)?.name == "Odd Name")
        #expect(try await signIn("(J\\xrg)", "secret", options) == nil)
    }

    @Test(arguments: ["ldap", "ldaps"])
    func `a certificate of another authority is refused and no password sent`(scheme: String) async throws {
        let server = try await Slapd()
        let port = scheme == "ldap" ? server.port : server.tlsPort
        let good = try await options("\(scheme)://127.0.0.1:\(port)")
        #expect(try await signIn("alice", "secret", good)?.name == "alice")
        let binds = server.log.count(of: "BIND dn=")
        let bad = try await options("\(scheme)://127.0.0.1:\(port)", ca: try await Certificates.shared.otherCA)
        let error = await #expect(throws: AccountsError.self) { try await self.signIn("alice", "secret", bad) }
        #expect([.insecure, .unavailable].contains(error?.code))
        #expect(error?.detail.contains("ertificate") == true, "\(error?.detail ?? "")")
        #expect(server.log.count(of: "BIND dn=") == binds)
    }

    @Test func `without encryption nothing is said unless the options say so`() async throws {
        let server = try await Slapd(offersTLS: false)
        var options = try await options("ldap://127.0.0.1:\(server.port)")
        let error = await #expect(throws: AccountsError.self) { try await self.signIn("alice", "secret", options) }
        #expect(error?.code == .insecure)
        #expect(!server.log.contains("BIND dn="))
        options.startTLS = false
        #expect(try await signIn("alice", "secret", options)?.name == "alice")
    }

    @Test func `a searcher sees what is hidden, and its wrong password is the administrator's`() async throws {
        let server = try await Slapd()
        var options = try await options("ldap://127.0.0.1:\(server.port)")
        #expect(try await signIn("hidden", "secret", options) == nil)
        options.bindDN = "cn=reader,dc=example,dc=org"
        options.bindPassword = Secret("reads")
        #expect(try await signIn("hidden", "secret", options)?.name == "hidden")
        #expect(try await signIn("hidden", "reads", options) == nil)
        options.bindPassword = Secret("wrong")
        let error = await #expect(throws: AccountsError.self) { try await self.signIn("hidden", "secret", options) }
        #expect(error?.code == .badConfiguration)
    }

    @Test func `a server that is down can't decide`() async throws {
        let options = try await options("ldap://127.0.0.1:\(try Ports.free())")
        let error = await #expect(throws: AccountsError.self) { try await self.signIn("alice", "secret", options) }
        #expect(error?.code == .unavailable)
    }

    @Test(arguments: ["ldap", "ldaps", "plain"])
    func `a server that never answers is left within the limit`(way: String) async throws {
        let server = try SilentServer()
        var options = try await options("\(way == "ldaps" ? "ldaps" : "ldap")://127.0.0.1:\(server.port)")
        options.startTLS = way != "plain"
        options.timeout = .milliseconds(300)
        let start = ContinuousClock.now
        let error = await #expect(throws: AccountsError.self) { try await self.signIn("alice", "secret", options) }
        #expect(error?.code == .timeout)
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test(arguments: ["ldap", "ldaps", "plain"])
    func `such a server does not keep a thread`(way: String) async throws {
        let server = try SilentServer()
        var options = try await options("")
        options.startTLS = way != "plain"
        let scheme = way == "ldaps" ? "ldaps" : "ldap"
        let address = try ServerURL("\(scheme)://127.0.0.1:\(server.port)", schemes: [scheme], option: "")
        // As long as the work runs, its only thread is not free for the next one.
        let pool = BlockingPool("silent server", width: 1)
        let slow = await #expect(throws: AccountsError.self) {
            try await pool.run(limit: .milliseconds(300)) { [options] call throws(AccountsError) in
                let connection = try LDAPConnection(address, options, call)
                _ = try connection.entry(of: Credentials(user: "alice", password: Secret("secret")))
            }
        }
        #expect(slow?.code == .timeout)
        while true {
            do throws(AccountsError) {
                try await pool.run(limit: .seconds(10)) { _ throws(AccountsError) in }
                break
            } catch {
                // Refused at once as long as the thread is busy; the suite's time limit ends a wait for ever.
                #expect(error.code == .unavailable)
                await Task.yield()
            }
        }
    }

    @Test(arguments: ["", "ldap://", "ldap:///", "ldaps://:636", "http://host", "ldap://user:password@host", "host"])
    func `an address without a server is refused and named`(url: String) async throws {
        let options = try await options(url)
        let error = await #expect(throws: AccountsError.self) { try await self.signIn("alice", "secret", options) }
        #expect(error?.code == .badConfiguration)
        #expect(error?.detail.contains("ldap.url") == true)
        #expect(error?.detail.contains("password") == false)
    }

    @Test func `a filter without the user, or a searcher without a password, is refused`() async throws {
        let server = try await Slapd()
        var options = try await options("ldap://127.0.0.1:\(server.port)")
        options.filter = "(uid=alice)"
        #expect(throws: AccountsError.self) { try LDAPMethod(options).check() }
        options.filter = "(uid={user}"
        let error = await #expect(throws: AccountsError.self) { try await self.signIn("alice", "secret", options) }
        #expect(error?.code == .badConfiguration)
        options.filter = "(uid={user})"
        try LDAPMethod(options).check()
        options.bindDN = "cn=reader,dc=example,dc=org"
        #expect(throws: AccountsError.self) { try LDAPMethod(options).check() }
    }
}

extension String {
    func count(of text: String) -> Int {
        ranges(of: text).count
    }
}
