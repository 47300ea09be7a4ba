import Domain
import Settings
import Testing

struct ValueTests {
    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("30s", .seconds(30)), ("10m", .seconds(600)), ("12h", .seconds(43200)),
        ("4d", .seconds(345_600)), ("0", .zero),
    ])
    func `a duration is a number with a unit, and is written the same way`(text: String, value: Duration) {
        #expect(Duration(configurationText: text) == value)
        #expect(value.configurationText == text)
    }

    @Test(arguments: [("90s", "90s"), ("3600s", "1h"), ("48h", "2d"), ("1500ms", "1500ms"), ("0s", "0")])
    func `a duration is written in its longest exact unit`(text: String, written: String) {
        #expect(Duration(configurationText: text)?.configurationText == written)
    }

    @Test(arguments: [
        "", "s", "5", "-5s", "+5s", "1.5h", "5 d", "5w", "1h30m", "5S", "٣s", "9223372036854775807d",
        "99999999999999999999s",
    ])
    func `a bad duration is refused`(text: String) {
        #expect(Duration(configurationText: text) == nil)
    }

    @Test(arguments: [
        ("127.0.0.1:8080", "127.0.0.1", 8080), ("0.0.0.0:0", "0.0.0.0", 0), ("localhost:65535", "localhost", 65535),
        ("[::1]:80", "::1", 80), ("[fe80::1%eth0]:80", "fe80::1%eth0", 80),
        ("desk-1.example.org:80", "desk-1.example.org", 80),
    ])
    func `an address has a host and a port, and is written the same way`(text: String, host: String, port: Int) {
        let address = ListenAddress(text)
        #expect(address == ListenAddress(host: host, port: port))
        #expect(address?.description == text)
    }

    @Test(arguments: [
        "", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80a",
        "127.0.0.1:0080000", "256.0.0.1:80", "1.2.3:80", "::1:80", "[::1]", "[::1]80", "[::g]:80", "[127.0.0.1]:80",
        "[fe80::1%]:80", "-a:80", "a..b:80", "a b:80", "*:80", "http://a:80", "a:80/",
    ])
    func `a bad address is refused`(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test(arguments: [
        ("redis://localhost", "redis://localhost"), ("redis://[::1]:6379/2", "redis://[::1]:6379/2"),
        ("redis://:hunter2@host", "redis://:<redacted>@host"),
        ("rediss://me:hunter2@host:1/0?ca=/etc/ca.pem", "rediss://me:<redacted>@host:1/0?ca=/etc/ca.pem"),
        ("redis://me:hun@ter2@host", "redis://me:<redacted>@host"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock"),
        ("unix://me:hunter2@/run/redis.sock?db=3", "unix://me:<redacted>@/run/redis.sock?db=3"),
    ])
    func `a Redis URL is shown without its password`(text: String, shown: String) throws {
        let url = try #require(RedisURL(text))
        #expect(url.revealed == text)
        var dumped = ""
        dump(url, to: &dumped)
        for printed in ["\(url)", String(reflecting: url), dumped] {
            #expect(printed.contains(shown))
            #expect(!printed.contains("ter2"))
        }
    }

    @Test(arguments: [
        "redis:hunter2@host", "redis//hunter2@host", "http://:hunter2@host", "redis://:hunter2@host:99999",
        "redis://:hunter2@host:0", "redis://:hunter2", "redis://me:hunter2", "redis://hunter2@host", "hunter2@host",
        "redis://:hun/hunter2@host", "redis://host?password=hunter2", "redis://:a?hunter2@host",
        "redis://:hunter2@host/x",
        "redis://:hunter2@host?db=3", "unix://:hunter2@host/path", "unix://:hunter2@/", "redis://:hunter2@ho st",
        "redis://:hunter2@host#a",
    ])
    func `a bad Redis URL is refused without telling its password`(text: String) throws {
        #expect(RedisURL(text) == nil)
        let found = try errors("redis.url=\(text)")
        #expect(found.count == 1)
        #expect(found.first?.contains("hunter2") == false)
        #expect(found.first?.contains("<redacted>") == true)
    }

    @Test func `a value of another kind in the place of a secret is not told`() throws {
        for yaml in [
            "redis: redis://:hunter2@host", "redis.url: \"redis://:hunter2@host\"",
            "redis: { url: redis://:hunter2@host",
        ] {
            let found = try ConfigurationDirectory(yaml).errors()
            #expect(found.count == 1)
            #expect(found.first?.contains("hunter2") == false)
        }
        #expect(try errors("redis.url:redis://:hunter2@host").first?.contains("hunter2") == false)
    }

    @Test(arguments: [
        ("ldap://host", "ldap", "host", nil, "ldap://host"),
        ("ldaps://[::1]:636", "ldaps", "::1", 636, "ldaps://[::1]:636"),
        ("ldaps://[::1]/", "ldaps", "::1", nil, "ldaps://[::1]"),
        ("ldap://127.0.0.1:389/", "ldap", "127.0.0.1", 389, "ldap://127.0.0.1:389"),
    ])
    func `the address of a server has its parts`(
        text: String, scheme: String, host: String, port: Int?, written: String
    ) throws {
        let url = try #require(try settings("auth.ldap.url=\(text)").auth.ldap.url)
        #expect(url.scheme == scheme)
        #expect(url.authority.hostText == host)
        #expect(url.port == port)
        #expect(url.isTLS == (scheme == "ldaps"))
        #expect("\(url)" == written)
    }

    @Test func `domains are small letters`() throws {
        #expect(try settings("auth.email.domains=Example.ORG").auth.email.domains == ["example.org"])
    }

    @Test func `sizes are written in GiB and held in MiB`() throws {
        #expect(try settings("defaults.memory_gib=0.5").defaults.memoryMiB == 512)
        #expect(try settings("form.memory_gib=1,1.5,64").form.memoryMiB == [1024, 1536, 65536])
        #expect(try settings("defaults.disk_gib=20").defaults.diskGiB == 20)
    }

    @Test func `slashes at the end of a path or an address are dropped`() throws {
        #expect(try settings("state_dir=/srv/qwd//").stateDir == "/srv/qwd")
        #expect(try settings("state_dir=/").stateDir == "/")
        #expect(try settings("frontend.public_url=https://desk/qwd/").frontend.publicURL == "https://desk/qwd")
    }

    @Test func `an empty text is no value`() throws {
        let loaded = try settings("redis.url=", "defaults.machine=", "frontend.public_url=", "display.public_url=")
        #expect(loaded.redis.url == nil)
        #expect(loaded.defaults.machine == nil)
        #expect(loaded.frontend.publicURL == nil)
        #expect(loaded.display.publicURL == nil)
        #expect(try settings("auth.ldap.url=").auth.ldap.url == nil)
        #expect(try settings("auth.ldap.groups=").auth.ldap.groups == nil)
    }
}
