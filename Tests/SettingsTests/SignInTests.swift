import Settings
import Testing

/// What the ways to sign in need, and what must not stand together.
struct SignInTests {
    static let ldap = ["auth.ldap.url=ldap://127.0.0.1", "auth.ldap.base=dc=example"]
    static let mail = ["mail.url=smtp://127.0.0.1", "mail.from=desk@example.org"]

    @Test(arguments: [
        ("none", []), ("local", []), ("ldap", ldap), ("ldap", ldap + ["auth.ldap.start_tls=false"]),
        ("imap", ["auth.imap.url=imaps://127.0.0.1"]), ("smtp", ["auth.smtp.url=smtp://127.0.0.1:587"]),
        ("email", mail + ["auth.email.domains=example.org"]), ("command", ["auth.command.path=/bin/true"]),
        ("local,ldap", ldap), ("local", mail + ["auth.second_factor=email"]), ("local", ["auth.second_factor=totp"]),
    ])
    func `a method that is configured loads`(methods: String, others: [String]) throws {
        let loaded = try ConfigurationDirectory().load(overrides: ["auth.methods=\(methods)"] + others).get()
        #expect(loaded.auth.methods.map(\.rawValue) == methods.split(separator: ",").map(String.init))
        #expect(loaded.signInProblem == nil)
    }

    @Test(arguments: [
        ("ldap", [], "auth.ldap.url and auth.ldap.base"), ("ldap", [ldap[0]], "auth.ldap.base"),
        ("ldap", [ldap[1]], "auth.ldap.url"), ("imap", [], "auth.imap.url"), ("smtp", [], "auth.smtp.url"),
        ("email", [], "auth.email.domains and mail.url and mail.from"), ("email", mail, "auth.email.domains"),
        ("email", [mail[1], "auth.email.domains=a"], "mail.url"),
        ("email", ["auth.email.domains=a"], "mail.url and mail.from"), ("command", [], "auth.command.path"),
    ])
    func `a method without its server is refused with what to set`(
        method: String, others: [String], missing: String
    ) throws {
        #expect(
            try ConfigurationDirectory().errors(overrides: ["auth.methods=\(method)"] + others) == [
                "--set: auth.methods: found \"\(method)\" without \(missing), expected a method that is configured; "
                    + "set \(missing), or take \(method) out of the list"
            ])
    }

    @Test func `each method without its server is named, with the place of the list`() throws {
        let directory = try ConfigurationDirectory("auth:\n  methods: [imap, local, smtp]\n")
        #expect(
            directory.errors().map { $0.prefix { $0 != "," } } == [
                "qwd.yaml:2: auth.methods: found \"imap\" without auth.imap.url",
                "qwd.yaml:2: auth.methods: found \"smtp\" without auth.smtp.url",
            ])
    }

    @Test(arguments: [
        ("auth.methods=ldap", "auth.ldap.url=http://host", "auth.ldap.base=dc=example"),
        ("auth.methods=command", "auth.command.path=check", "log.level=info"),
        ("auth.methods=email", "mail.from=desk", "mail.url=smtp://host"),
    ])
    func `a key that is wrong itself is not called missing`(method: String, wrong: String, other: String) throws {
        let found = try errors("auth.email.domains=a", method, wrong, other)
        let key = wrong.prefix { $0 != "=" }
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("--set: \(key): found ") == true)
    }

    @Test func `none stands alone`() throws {
        let found = try errors("auth.methods=none,local")
        #expect(
            found == [
                "--set: auth.methods: found \"none\" beside other methods, expected none alone, or methods without it; "
                    + "with none in the list nobody would ever be asked for a password"
            ])
    }

    @Test(arguments: ["email", "totp"])
    func `a second factor after no password is refused`(factor: String) throws {
        let found = try errors("auth.methods=none", "auth.second_factor=\(factor)", Self.mail[0], Self.mail[1])
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("--set: auth.second_factor: found \"\(factor)\" with the method none") == true)
    }

    @Test func `a code by mail needs a mail server`() throws {
        #expect(
            try errors("auth.methods=local", "auth.second_factor=email") == [
                "--set: auth.second_factor: found \"email\" without mail.url and mail.from, "
                    + "expected a way to send the code; set mail.url and mail.from, or another second factor"
            ])
    }

    @Test(arguments: [
        ("tls.certificate=/c.pem", "tls.key"), ("tls.key=/k.pem", "tls.certificate"),
        ("mail.url=smtp://host", "mail.from"), ("mail.user=desk", "mail.password_file"),
        ("mail.password_file=/p", "mail.user"), ("auth.ldap.bind_dn=cn=qwd", "auth.ldap.bind_password_file"),
        ("auth.ldap.bind_password_file=/p", "auth.ldap.bind_dn"),
    ])
    func `keys that belong together come together`(given: String, missing: String) throws {
        let key = given.prefix { $0 != "=" }
        #expect(
            try errors(given) == [
                "--set: \(key): found a value without \(missing), expected a value of \(missing) too; "
                    + "set \(missing), or leave \(key) empty"
            ])
    }

    @Test func `nobody is signed in without doing anything for longer than at all`() throws {
        let directory = try ConfigurationDirectory("auth: { login: { idle: 2d } }")
        #expect(
            directory.errors() == [
                "qwd.yaml:1: auth.login.idle: found 2d, expected at most 1d; that is auth.login.absolute (default)"
            ])
        #expect(try settings("auth.login.idle=1h", "auth.login.absolute=1h").auth.login.absolute == .seconds(3600))
        #expect(try errors("auth.login.idle=2d", "auth.login.absolute=2 d").count == 1)
    }

    @Test func `an empty list of methods loads, but lets nobody sign in`() throws {
        let problem = try #require(try settings().signInProblem)
        #expect(problem.contains("auth.methods"))
        #expect(problem.contains("QWD_AUTH_METHODS=none"))
        #expect(try settings("auth.methods=none").signInProblem == nil)
    }

    @Test func `the advice against an empty list of methods is right`() throws {
        let loaded = try ConfigurationDirectory("auth: { methods: [local] }").load().get()
        #expect(loaded.signInProblem == nil)
    }

    @Test(arguments: ["127.0.0.1/33", "10.0.0.1/8", "10.0.0", "proxy.example.org", "fd00::/129", "::ffff:10.0.0.1", ""])
    func `a proxy is an address or a network`(proxy: String) throws {
        let found = try ConfigurationDirectory("proxies: [\"\(proxy)\"]").errors()
        #expect(found.count == 1)
        let start = "qwd.yaml:1: proxies: found the text \"\(proxy)\" in quotes, expected an IP address, or a network "
        #expect(found.first?.hasPrefix(start) == true)
    }
}
