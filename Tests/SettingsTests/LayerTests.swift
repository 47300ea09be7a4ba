import Domain
import Foundation
import Settings
import Testing

struct LayerTests {
    @Test func `without any file the defaults hold`() throws {
        let loaded = try ConfigurationDirectory().load().get()
        var expected = Settings()
        expected.worker.name = "desk1"
        #expect(loaded == expected)
        #expect(loaded.origins["worker.name"] == .builtIn)
    }

    @Test func `each layer wins over the ones before it`() throws {
        let directory = try ConfigurationDirectory()
        func name(environment: [String: String] = [:], overrides: [String] = []) throws -> String {
            try directory.load(environment: environment, overrides: overrides).get().worker.name
        }
        #expect(try name() == "desk1")
        try directory.write("worker: { name: file }", to: "qwd.yaml")
        #expect(try name() == "file")
        try directory.write("worker: { name: ten }", to: "qwd.d/10-a.yaml")
        #expect(try name() == "ten")
        try directory.write("worker: { name: nine }", to: "qwd.d/9-b.yaml")
        #expect(try name() == "nine")
        let environment = ["QWD_WORKER_NAME": "variable"]
        #expect(try name(environment: environment) == "variable")
        #expect(try name(environment: environment, overrides: ["worker.name=flag"]) == "flag")
        #expect(try name(overrides: ["worker.name=flag", "worker.name=last"]) == "last")
    }

    @Test func `a drop-in changes its own keys only`() throws {
        let directory = try ConfigurationDirectory("worker: { name: a, concurrent_jobs: 2 }")
        try directory.write("worker:\n  concurrent_jobs: 3\n", to: "qwd.d/jobs.yaml")
        let settings = try directory.load().get()
        #expect(settings.worker.name == "a")
        #expect(settings.worker.concurrentJobs == 3)
        #expect(settings.origins["worker.name"] == .file(path: directory.mainFile, line: 1))
        #expect(settings.origins["worker.concurrent_jobs"] == .file(path: directory.path + "/qwd.d/jobs.yaml", line: 2))
    }

    @Test(arguments: ["jobs.yaml~", "jobs.yml", ".jobs.yaml", "jobs.yaml.dpkg-old"])
    func `files that are no drop-ins are left alone`(name: String) throws {
        let directory = try ConfigurationDirectory("worker: { concurrent_jobs: 2 }")
        try directory.write("worker: { concurrent_jobs: 3 }", to: "qwd.d/" + name)
        #expect(try directory.load().get().worker.concurrentJobs == 2)
    }

    @Test func `a file that is named must exist`() throws {
        let path = try ConfigurationDirectory().path + "/none.yaml"
        let result = SettingsLoader.load(configFile: path, environment: [:], overrides: [])
        let error = SettingsError(
            origin: .file(path: path, line: nil), key: "", found: "no such file", expected: "a readable YAML file")
        #expect(throws: SettingsErrors([error])) { try result.get() }
    }

    @Test func `a file that is named replaces the default one and has its own drop-ins`() throws {
        let replaced = try ConfigurationDirectory("worker: { name: replaced, concurrent_jobs: 9 }")
        let directory = try ConfigurationDirectory()
        try directory.write("worker: { name: mine }", to: "other.yaml")
        try directory.write("worker: { tags: [gpu] }", to: "qwd.d/tags.yaml")
        let settings = try SettingsLoader.load(
            configFile: directory.path + "/other.yaml", environment: [:], overrides: [],
            hostEnvironment: HostEnvironment(environment: [:], defaultFile: replaced.mainFile)
        ).get()
        #expect(settings.worker.name == "mine")
        #expect(settings.worker.concurrentJobs == 4)
        #expect(settings.worker.tags == ["gpu"])
    }

    @Test func `where no file is for all, that of the service that this user runs counts`() throws {
        let directory = try ConfigurationDirectory()
        try directory.write("worker: { name: mine }", to: "other.yaml")
        #expect(symlink(directory.path + "/other.yaml", directory.serviceLink) == 0)
        #expect(try directory.load().get().worker.name == "mine")
        try directory.write("worker: { name: everybodys }", to: "qwd.yaml")
        #expect(try directory.load().get().worker.name == "everybodys")
    }

    @Test func `a link of a service that has gone with its file is none`() throws {
        let directory = try ConfigurationDirectory()
        #expect(symlink(directory.path + "/gone.yaml", directory.serviceLink) == 0)
        #expect(try directory.load().get() == ConfigurationDirectory().load().get())
    }

    @Test(arguments: ["", "# nothing\n", "---\n", "~", "worker:\n", "worker:\n  # name: x\n"])
    func `a file or a section of comments only is no error`(text: String) throws {
        #expect(try ConfigurationDirectory(text).load().get() == ConfigurationDirectory().load().get())
    }

    @Test(arguments: [
        ("none", [Settings.Auth.Method.none]), ("[none]", [.none]), ("", []), ("[]", []),
    ])
    func `a variable holds a list separated by commas`(text: String, methods: [Settings.Auth.Method]) throws {
        let loaded = try ConfigurationDirectory().load(environment: ["QWD_AUTH_METHODS": text]).get()
        #expect(loaded.auth.methods == methods)
        #expect(loaded.origins["auth.methods"] == .environment(variable: "QWD_AUTH_METHODS"))
    }

    @Test(arguments: ["auth:", "auth: { ldap: }", "auth:\n  ldap:\n    # url: x\n  methods: []\n"])
    func `a section within a section may be of comments only`(text: String) throws {
        #expect(try ConfigurationDirectory(text).load().get() == ConfigurationDirectory().load().get())
    }

    @Test func `a key of a section within a section has its layers like any other`() throws {
        let directory = try ConfigurationDirectory(
            """
            auth:
              ldap:
                timeout: 1s
                start_tls: false
              admins: [alice]
            """)
        func ldap(environment: [String: String] = [:], overrides: [String] = []) throws -> Settings.Auth.LDAP {
            try directory.load(environment: environment, overrides: overrides).get().auth.ldap
        }
        #expect(try ldap().startTLS == false)
        #expect(try directory.load().get().origins["auth.ldap.start_tls"] == .file(path: directory.mainFile, line: 4))
        try directory.write("auth: { ldap: { timeout: 2s } }", to: "qwd.d/ldap.yaml")
        #expect(try ldap().timeout == .seconds(2))
        #expect(try ldap().startTLS == false)
        let environment = ["QWD_AUTH_LDAP_START_TLS": "true", "QWD_AUTH_LDAP_TIMEOUT": "3s"]
        #expect(try ldap(environment: environment).startTLS)
        #expect(try ldap(environment: environment, overrides: ["auth.ldap.timeout=4s"]).timeout == .seconds(4))
        #expect(try directory.load().get().auth.admins == ["alice"])
    }

    @Test func `spaces around the commas of a list do not count`() throws {
        #expect(try settings("form.cpu=1, 2 ,8").form.cpu == [1, 2, 8])
    }

    @Test func `where a value came from makes no difference`() throws {
        let fromFile = try ConfigurationDirectory("worker: { name: a }").load().get()
        #expect(try settings("worker.name=a") == fromFile)
        #expect(try settings("worker.name=b") != fromFile)
    }
}
