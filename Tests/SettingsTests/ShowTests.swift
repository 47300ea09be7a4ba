import Settings
import Testing

struct ShowTests {
    /// Something else than the default in every key that a flag can set to a fixed value.
    static let changes = [
        "state_dir=/srv/qwd data", "runtime_dir=/srv/run", "redis.url=redis://me:hunter2@host:1",
        "machines.directory=/m",
        "machines.catalogue=/a.conf,/b.conf", "frontend.listen=[::1]:0", "frontend.public_url=https://desk/qwd",
        "worker.name=1234", "worker.concurrent_jobs=2", "worker.cpu_overcommit=1.5", "worker.memory_reserve_gib=0.5",
        "worker.hypervisor=simulated", "worker.accelerator=tcg", "worker.tags=yes,gpu", "worker.stop_grace=0",
        "display.listen=0.0.0.0:6081", "display.public_url=http://desk:6081", "display.novnc=/opt/novnc",
        "defaults.machine=My \"quoted\" \\ machine # 1", "defaults.cpu=2", "defaults.memory_gib=1.5",
        "defaults.disk_gib=20",
        "defaults.lifetime=90s", "form.cpu=8,16", "form.memory_gib=0.25,8", "form.lifetime=30m", "limits.sessions=0",
        "limits.sessions_per_user=5", "limits.cpu_fraction_per_user=1", "limits.memory_fraction_per_user=0.25",
        "limits.load=0", "limits.lifetime=2d", "auth.methods=none", "auth.admins=DOMAIN\\root,eve@example.org",
        "scheduler.lease=1500ms", "scheduler.load_check=1m", "log.level=debug", "log.format=json",
    ]

    @Test func `what is shown in full can be read again`() throws {
        let loaded = try ConfigurationDirectory().load(overrides: Self.changes).get()
        let again = try ConfigurationDirectory(loaded.yaml(redacted: false)).load().get()
        #expect(again == loaded)
        // The one bridge there is can't be changed.
        for key in SettingsSchema.keys where key.name != "display.bridge" {
            #expect(key.value(in: loaded) != key.value(in: Settings()), "\(key.name) is not changed")
        }
    }

    @Test func `defaults that are shown can be read again`() throws {
        let loaded = try settings()
        #expect(try ConfigurationDirectory(loaded.yaml()).load().get() == loaded)
    }

    @Test func `a password is not shown`() throws {
        let loaded = try ConfigurationDirectory().load(overrides: Self.changes).get()
        #expect(loaded.yaml().contains("url: \"redis://me:<redacted>@host:1\"  # --set"))
        #expect(!loaded.yaml().contains("hunter2"))
        var dumped = ""
        dump(loaded, to: &dumped)
        #expect(!"\(loaded)\(String(reflecting: loaded))\(dumped)".contains("hunter2"))
    }

    @Test func `each value is shown with its origin`() throws {
        let directory = try ConfigurationDirectory("log:\n  level: debug\n")
        let yaml = try directory.load(environment: ["QWD_LOG_FORMAT": "json"], overrides: ["worker.tags=a"]).get()
            .yaml()
        let lines = Set(yaml.split(separator: "\n"))
        #expect(lines.contains("  level: debug  # \(directory.mainFile):2"))
        #expect(lines.contains("  format: json  # QWD_LOG_FORMAT"))
        #expect(lines.contains("  tags: [\"a\"]  # --set"))
        #expect(lines.contains("  lease: 30s  # default"))
        #expect(lines.contains("state_dir: /var/lib/qwd  # default"))
        for key in SettingsSchema.keys {
            #expect(lines.contains { $0.hasPrefix((key.section.isEmpty ? "" : "  ") + key.leaf + ": ") })
        }
    }
}
