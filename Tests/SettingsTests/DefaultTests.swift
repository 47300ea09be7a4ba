import Domain
import Settings
import Testing

struct DefaultTests {
    @Test(arguments: [
        (0, ["HOME": "/root", "XDG_STATE_HOME": "/x"], "/var/lib/qwd", "/run/qwd"),
        (1000, ["HOME": "/home/a"], "/home/a/.local/state/qwd", "/tmp/qwd-1000"),
        (1000, ["HOME": "/home/a", "XDG_STATE_HOME": "/s", "XDG_RUNTIME_DIR": "/r"], "/s/qwd", "/r/qwd"),
        (
            1000, ["HOME": "/home/a", "XDG_STATE_HOME": "s", "XDG_RUNTIME_DIR": ""], "/home/a/.local/state/qwd",
            "/tmp/qwd-1000"
        ),
        (0, ["STATE_DIRECTORY": "/s", "RUNTIME_DIRECTORY": "/r/qwd:/r/more"], "/s", "/r/qwd"),
        (1000, ["STATE_DIRECTORY": "/s", "RUNTIME_DIRECTORY": "r", "XDG_STATE_HOME": "/x"], "/s", "/tmp/qwd-1000"),
    ])
    func `directories depend on the user`(
        user: UInt32, environment: [String: String], state: String, runtime: String
    ) throws {
        var host = HostEnvironment(
            userID: user, environment: environment, hostName: "h", defaultFile: "/nonexistent/qwd.yaml")
        #expect(host.serviceLink == runtime + ".service")
        // A service may run beside the tests.
        host.serviceLink = "/nonexistent/qwd.service"
        let loaded = try SettingsLoader.load(
            configFile: nil, environment: environment, overrides: [], hostEnvironment: host
        ).get()
        #expect(loaded.stateDir == state)
        #expect(loaded.runtimeDir == runtime)
        #expect(loaded.machines.directory == state + "/machines")
    }

    @Test func `the catalogue has the file of the machines directory, also before it is there`() throws {
        let directory = try ConfigurationDirectory()
        let override = "state_dir=\(directory.path)"
        let own = directory.path + "/machines/machines.conf"
        #expect(
            try directory.load(overrides: [override]).get().machines.catalogue == ["/etc/qwd/machines.conf", own])
        let given = try directory.load(overrides: [override, "machines.catalogue=/a.conf"]).get()
        #expect(given.machines.catalogue == ["/a.conf"])
    }

    @Test func `guests reach no link-local address and no metadata service unless an administrator says so`() {
        let network = Settings().network
        #expect(
            network.deny.map(\.description) == ["169.254.0.0/16", "fe80::/10", "fd00:ec2::254", "fd20:ce::254"])
        #expect(network.allow == [] && network.isolation == .namespace)
    }

    @Test func `this host has a name`() {
        #expect(!HostEnvironment.ownHostName().isEmpty)
    }
}
