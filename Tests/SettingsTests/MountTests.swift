import Domain
import Settings
import Testing

struct MountTests {
    private func mounts(_ text: String) throws -> [HostFolder] {
        try ConfigurationDirectory("mounts: [\(text)]").load().get().mounts
    }

    @Test func `a folder is read as it is written, in a file, a variable and a flag`() throws {
        let text = """
            { path: "/data/{user}", tag: home, read_only: false, users: [ann, "*"], groups: [staff], guest_user: 1001 }
            """
        let folders = try mounts("\(text), { path: /srv/data, type: virtiofs }")
        var home = HostFolder(path: "/data/{user}", tag: "home")
        (home.isReadOnly, home.users, home.groups, home.guestUser) = (false, ["ann", "*"], ["staff"], 1001)
        #expect(folders == [home, HostFolder(path: "/srv/data", tag: "host_data")])
        let list = "[\(text), { path: /srv/data }]"
        #expect(try ConfigurationDirectory().load(environment: ["QWD_MOUNTS": list]).get().mounts == folders)
        #expect(try ConfigurationDirectory().load(overrides: ["mounts=\(list)"]).get().mounts == folders)
        let shown = try #require(SettingsSchema.key(named: "mounts")).value(in: try settings("mounts=\(list)"))
        #expect(try ConfigurationDirectory().load(overrides: ["mounts=\(shown)"]).get().mounts == folders)
    }

    @Test func `who is named is not everybody else too`() throws {
        let folders = try mounts("{ path: /a, groups: [staff] }, { path: /b, users: [ann] }, { path: /c }")
        #expect(folders.map(\.users) == [[], ["ann"], ["*"]])
        #expect(folders.map(\.tag) == ["host_a", "host_b", "host_c"])
        #expect(try mounts("{ path: \"/data/{user}\" }").first?.tag == "host_data")
    }

    @Test(arguments: [
        ("{ path: /data/../etc }", "a path without dots"), ("{ path: / }", "not the whole host"),
        ("{ path: data }", "an absolute path"), ("{ tag: x }", "no path"),
        ("{ path: \"/a/x{user}\" }", "as a whole word"),
        ("{ path: /a, read_onyl: true }", "did you mean read_only?"),
        ("{ path: /a, read_only: maybe }", "true or false"),
        ("{ path: /a, tag: \"a b\" }", "expected"), ("{ path: \"/a b\" }", "a tag of letters"),
        ("{ path: /a, guest_user: -1 }", "a whole number"), ("/data", "path: DIRECTORY"),
        ("{ path: /a, users: ann }", "a list"), ("{ path: /a, tag: x, tag: y }", "tag twice"),
        ("{ path: /a }, { path: /b, tag: host_a }", "another tag"),
        ("{ path: /a, type: 9p }", "as the machine's own user"),
        ("{ path: /a, tag: a }, { path: /b, tag: host_a }", "at /mnt/a"),
        ("{ path: /srv/exchange }", "the sessions' own folder"), ("{ path: /a, tag: host_ }", "a word behind host_"),
    ])
    func `a wrong folder is told with its reason`(text: String, why: String) throws {
        let errors = try ConfigurationDirectory("mounts: [\(text)]").errors()
        #expect(errors.count == 1 && errors.first?.contains(why) == true, "\(errors)")
        #expect(errors.first?.hasPrefix("qwd.yaml:1") == true, "\(errors)")
    }
}
