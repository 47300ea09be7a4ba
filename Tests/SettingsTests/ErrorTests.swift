import Foundation
import Settings
import Testing

/// Each error is one line: place, key, what was found, what is expected, and often the way out.
struct ErrorTests {
    @Test func `all errors of all layers are reported at once, in order`() throws {
        let directory = try ConfigurationDirectory(
            """
            worker:
              concurent_jobs: 3
              accelerator: kvn
              tags: gpu
            form:
              cpu:
                - 1
                - two
                - 1
            worker: { memory_reserve_gib: 0.3 }
            """)
        try directory.write("limits: 4\n", to: "qwd.d/limits.yaml")
        let found = directory.errors(
            environment: ["QWD_WORKER_NAM": "x", "QWD_FRONTEND_LISTEN": "8080", "PATH": "/bin"],
            overrides: ["scheduler.lease=30", "log.format"])
        #expect(
            found.map { $0.prefix { $0 != "," } } == [
                "qwd.yaml:2: worker.concurent_jobs: found an unknown key",
                "qwd.yaml:3: worker.accelerator: found \"kvn\"",
                "qwd.yaml:4: worker.tags: found \"gpu\"",
                "qwd.yaml:8: form.cpu: found \"two\"",
                "qwd.yaml:9: form.cpu: found \"1\" twice",
                "qwd.yaml:10: worker: found a second value (the first is in line 1)",
                "qwd.yaml:10: worker.memory_reserve_gib: found \"0.3\"",
                "qwd.d/limits.yaml:1: limits: found a single value",
                "QWD_WORKER_NAM: found an unknown variable",
                "QWD_FRONTEND_LISTEN: frontend.listen: found \"8080\"",
                "--set: found no \"=\"",
                "--set: scheduler.lease: found \"30\"",
            ])
    }

    @Test(arguments: [
        ("frontnd: { listen: x }", "qwd.yaml:1: frontnd", "did you mean frontend?"),
        ("frontend:\n  listne: x", "qwd.yaml:2: frontend.listne", "did you mean frontend.listen?"),
        ("frontend: { lease: 3s }", "qwd.yaml:1: frontend.lease", "did you mean scheduler.lease?"),
        ("methods: [none]", "qwd.yaml:1: methods", "did you mean auth.methods?"),
        ("worker.name: a", "qwd.yaml:1: worker.name", "write \"name:\" below \"worker:\""),
        ("log: { level: notise }", "qwd.yaml:1: log.level", "did you mean notice?"),
        ("auth: { ldap: { start_tsl: true } }", "qwd.yaml:1: auth.ldap.start_tsl", "did you mean auth.ldap.start_tls?"),
        ("auth:\n  lpda: { url: x }", "qwd.yaml:2: auth.lpda", "did you mean auth.ldap?"),
        ("ldap: { url: x }", "qwd.yaml:1: ldap", "did you mean auth.ldap?"),
        ("auth:\n  ldap.url: x", "qwd.yaml:2: auth.ldap.url", "write \"url:\" below \"ldap:\" below \"auth:\""),
        ("auth.ldap: { url: x }", "qwd.yaml:1: auth.ldap", "write \"ldap:\" below \"auth:\""),
        ("auth: { ldap: { start_tls: tru } }", "qwd.yaml:1: auth.ldap.start_tls", "did you mean true?"),
    ])
    func `a misspelled word is answered with the right one`(yaml: String, place: String, advice: String) throws {
        let found = try ConfigurationDirectory(yaml).errors()
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix(place + ": found ") == true)
        #expect(found.first?.hasSuffix("; " + advice) == true)
    }

    @Test func `a word like no key is answered with the keys there are`() throws {
        #expect(
            try errors("log.colour=red") == [
                "--set: log.colour: found an unknown key, expected one of level, format"
            ])
        #expect(
            try errors("log=debug") == ["--set: log: found an unknown key, expected one of level, format"])
        #expect(
            try errors("auth.login=1h") == [
                "--set: auth.login: found an unknown key, expected one of idle, absolute"
            ])
        #expect(
            try errors("auth.colour=red") == [
                "--set: auth.colour: found an unknown key, expected one of methods, admins, admin_group, second_factor, "
                    + "command, email, imap, ldap, local, login, smtp"
            ])
        #expect(
            try ConfigurationDirectory("auth: { login: 8h }").errors() == [
                "qwd.yaml:1: auth.login: found a single value, expected a section with idle, absolute"
            ])
    }

    @Test(arguments: [
        ("worker: { concurrent_jobs: \"4\" }", "the text \"4\" in quotes"),
        ("worker: { concurrent_jobs: }", "nothing"),
        ("worker: { concurrent_jobs: [4] }", "a list"),
        ("worker: { concurrent_jobs: { a: 4 } }", "a section"),
        ("worker: { concurrent_jobs: !!int 4 }", "the tag \"tag:yaml.org,2002:int\""),
        ("worker: { concurrent_jobs: 0 }", "\"0\""),
        ("worker: { concurrent_jobs: 65 }", "\"65\""),
        ("worker: { concurrent_jobs: 4.5 }", "\"4.5\""),
        ("worker: { concurrent_jobs: 010 }", "\"010\""),
        ("worker: { concurrent_jobs: 99999999999999999999 }", "\"99999999999999999999\""),
    ])
    func `a value of another type or out of range is refused`(yaml: String, found: String) throws {
        #expect(
            try ConfigurationDirectory(yaml).errors() == [
                "qwd.yaml:1: worker.concurrent_jobs: found \(found), expected a whole number from 1 to 64"
            ])
    }

    @Test(arguments: [
        ("limits.load", "1.01"), ("limits.load", "nan"), ("limits.load", "-0.1"), ("limits.load", "0x1p-1"),
        ("limits.load", "1e-1"), ("limits.sessions", "-1"), ("worker.cpu_overcommit", "0"),
        ("defaults.memory_gib", "0"),
        ("defaults.memory_gib", "0.3"), ("worker.name", "a b"), ("worker.name", "../etc"), ("worker.name", ""),
        ("worker.tags", "a,,b"), ("form.cpu", ""), ("state_dir", "var/lib"), ("state_dir", "~/qwd"), ("state_dir", ""),
        ("frontend.public_url", "desk.example.org"), ("frontend.public_url", "ftp://desk"),
        ("frontend.public_url", "https://u:p@desk"), ("frontend.public_url", "https://desk/?a=b"),
        ("frontend.public_url", "https://"), ("display.bridge", "vnc"), ("auth.methods", "ldpa"),
        ("machines.catalogue", "machines.conf"), ("auth.admins", "a,a"), ("scheduler.lease", "999ms"),
        ("scheduler.lease", "0"), ("defaults.lifetime", "1500ms"), ("limits.lifetime", "4000d"),
        ("auth.admins", ","), ("auth.admins", "alice,,bob"), ("auth.admins", "a\u{7}"),
        ("auth.local.service", "../qwd"), ("auth.ldap.start_tls", "yes"), ("auth.ldap.start_tls", "TRUE"),
        ("auth.ldap.start_tls", ""), ("auth.ldap.ca", "ca.pem"), ("auth.ldap.user", ""), ("auth.ldap.user", "u id"),
        ("auth.ldap.mail", "(mail"), ("auth.ldap.timeout", "0"), ("auth.ldap.timeout", "2m"),
        ("auth.email.domains", "@example.org"), ("auth.email.domains", "alice@example.org"),
        ("auth.email.domains", "Example.org,example.ORG"), ("auth.email.domains", "127.0.0.1"),
        ("auth.imap.mail_domain", "example..org"), ("auth.command.path", "bin/check"), ("auth.login.idle", "0"),
        ("auth.second_factor", "sms"), ("mail.from", "desk"), ("mail.from", "Desk <desk@example.org>"),
        ("mail.from", "desk@example.org\nBcc: eve@example.org"), ("mail.method", "tls"), ("tls.key", "key.pem"),
    ])
    func `a bad value is refused with its key`(key: String, value: String) throws {
        let found = try errors("\(key)=\(value)")
        #expect(!found.isEmpty)
        #expect(found.allSatisfy { $0.hasPrefix("--set: \(key): found ") })
    }

    @Test(arguments: [
        "uid={user}", "(uid=alice)", "((uid={user})", "(uid={user}))", "(uid={user})(cn={user})", ")(", "",
    ])
    func `a filter needs the user and pairs of parentheses`(filter: String) throws {
        #expect(
            try errors("auth.ldap.filter=\(filter)") == [
                "--set: auth.ldap.filter: found \"\(filter)\", "
                    + "expected an LDAP filter in balanced parentheses with {user} in it, such as (uid={user})"
            ])
    }

    @Test(arguments: [
        ("auth.ldap.url", "ldap://host:port or ldaps://host:port", "ldapi://host"),
        ("auth.ldap.url", "ldap://host:port or ldaps://host:port", "ldap://host/dc=example"),
        ("auth.ldap.url", "ldap://host:port or ldaps://host:port", "host:389"),
        ("auth.ldap.url", "ldap://host:port or ldaps://host:port", "ldap://"),
        ("auth.imap.url", "imaps://host:port or imap://host:port", "smtp://host"),
        ("auth.imap.url", "imaps://host:port or imap://host:port", "imaps://host:0"),
        ("auth.smtp.url", "smtps://host:port or smtp://host:port", "https://host"),
        ("mail.url", "smtp://host:port or smtps://host:port", "mailto://host"),
    ])
    func `a server has a scheme that its method understands`(key: String, expected: String, url: String) throws {
        #expect(try errors("\(key)=\(url)") == ["--set: \(key): found \"\(url)\", expected \(expected), or \"\""])
    }

    @Test(arguments: [
        "ldap://cn=qwd:hunter2@host", "ldap://hunter2@host", "ldap://qwd:hunter2", "ldap://host?password=hunter2",
    ])
    func `a password in the address of a server is refused and not told`(url: String) throws {
        let found = try errors("auth.ldap.url=\(url)")
        #expect(found.count == 1)
        #expect(found.first?.contains("<redacted>") == true)
        #expect(found.first?.contains("hunter2") == false)
    }

    @Test(arguments: [
        ("worker:\n  name: a\n bad: b\n", 3), ("a: b: c\n", 1), ("worker: [1, 2\n", 2), ("worker:\n\tname: a\n", 2),
        ("a: *nothing\n", 1), ("log: {}\n---\nform: {}\n", 2), ("log: {}\nform: \u{7}\n", 2),
    ])
    func `a broken file is one error with its line`(yaml: String, line: Int) throws {
        let found = try ConfigurationDirectory(yaml).errors()
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("qwd.yaml:\(line): found broken YAML (") == true)
    }

    @Test func `a broken drop-in hides nothing that is wrong elsewhere`() throws {
        let directory = try ConfigurationDirectory("log: { level: loud }")
        try directory.write("a: b: c", to: "qwd.d/broken.yaml")
        #expect(directory.errors().count == 2)
    }

    @Test(arguments: [
        (
            "log:\n  level: info\n  level: debug\n",
            "qwd.yaml:3: log.level: found a second value (the first is in line 2)"
        ),
        ("log: {}\n'log': {}\n", "qwd.yaml:2: log: found a second value (the first is in line 1)"),
        ("\"log\": {}\nlog: {}\n", "qwd.yaml:2: log: found a second value (the first is in line 1)"),
        ("&a log: {}\nlog: {}\n", "qwd.yaml:1: found broken YAML (a key comes twice: log)"),
    ])
    func `a key that comes twice is an error`(yaml: String, found: String) throws {
        #expect(try ConfigurationDirectory(yaml).errors().map { $0.prefix { $0 != "," } } == [found[...]])
    }

    @Test func `a key that comes three times is named twice, and hides nothing else`() throws {
        let found = try ConfigurationDirectory("log:\n  level: a\n  level: b\n  level: c\n").errors()
        #expect(found.count == 5)
    }

    @Test(arguments: [("- a\n", "a list"), ("text\n", "a single value"), ("? [a]\n: b\n", "a list as a key")])
    func `a file that has no sections is refused`(yaml: String, found: String) throws {
        let errors = try ConfigurationDirectory(yaml).errors()
        #expect(errors.count == 1)
        #expect(errors.first?.hasPrefix("qwd.yaml:1: found \(found), expected ") == true)
    }

    @Test func `a file that is no text is refused with the line`() throws {
        let directory = try ConfigurationDirectory()
        try directory.write(Data("log: {}\nform: ".utf8) + [0xFF], to: "qwd.yaml")
        #expect(directory.errors() == ["qwd.yaml:2: found bytes that are no text, expected a file in UTF-8"])
    }

    @Test func `a directory in the place of the file is refused`() throws {
        let directory = try ConfigurationDirectory()
        try directory.write("", to: "qwd.yaml/file")
        #expect(
            directory.errors() == [
                "qwd.yaml: found what can't be read (Is a directory), expected a readable YAML file"
            ])
    }
}
