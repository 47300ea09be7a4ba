import Settings
import Testing

struct ShowTests {
    /// Something else than the default in every key that a flag can set to a fixed value.
    static let changes = [
        "state_dir=/srv/qwd data", "runtime_dir=/srv/run", "redis.url=redis://me:hunter2@host:1",
        "machines.directory=/m",
        "machines.catalogue=/a.conf,/b.conf", "frontend.listen=[::1]:0", "frontend.public_url=https://desk/qwd",
        "worker.name=1234", "worker.concurrent_jobs=2", "worker.cpu_overcommit=1.5", "worker.memory_reserve_gib=0.5",
        "worker.disk_overcommit=2.5", "worker.disk_reserve_gib=0.5",
        "worker.hypervisor=simulated", "worker.accelerator=tcg", "worker.tags=yes,gpu", "worker.stop_grace=0",
        "display.listen=0.0.0.0:6081", "display.public_url=https://desk:6081", "display.novnc=/opt/novnc",
        "display.origins=https://other.example.org", "display.one_shot_grace=1m",
        "defaults.machine=My \"quoted\" \\ machine # 1", "defaults.cpu=2", "defaults.memory_gib=1.5",
        "defaults.disk_gib=20",
        "defaults.lifetime=90s", "form.cpu=8,16", "form.memory_gib=0.25,8", "form.lifetime=30m", "limits.sessions=0",
        "limits.sessions_per_user=5", "limits.cpu_fraction_per_user=1", "limits.memory_fraction_per_user=0.25",
        "limits.load=0", "limits.lifetime=2d", "limits.waiting=50", "limits.waiting_per_user=5",
        "limits.creations_per_minute=9", "limits.ended_kept=500", "limits.disk_mib_per_second=80",
        "limits.disk_operations_per_second=300", "limits.network_mbit_per_second=40", "scripts.always=exec: true",
        "scripts.from_form=staff",
        "scripts.paths=/etc/qwd/scripts",
        "scripts.urls=https://scripts.example.org/site",
        "scripts.password_symbol=true", "scripts.max_length=100", "auth.methods=command,email,ldap,imap,smtp",
        "auth.admins=DOMAIN\\root,eve@example.org", "auth.admin_group=cn=admins,ou=groups,dc=example,dc=org",
        "auth.second_factor=email", "auth.local.service=login", "auth.ldap.url=ldaps://[::1]",
        "auth.ldap.start_tls=false",
        "auth.ldap.ca=/ca.pem", "auth.ldap.base=ou=a \"b\",dc=example", "auth.ldap.filter=(&(a=\\28)(uid={user}))",
        "auth.ldap.bind_dn=cn=qwd", "auth.ldap.bind_password_file=/p", "auth.ldap.user=cn", "auth.ldap.mail=",
        "auth.ldap.groups=isMemberOf;x-a", "auth.ldap.timeout=500ms", "auth.imap.url=imap://mail.example.org:143/",
        "auth.imap.ca=/ca.pem", "auth.imap.mail_domain=Example.org", "auth.imap.timeout=1m",
        "auth.smtp.url=smtps://127.0.0.1:465", "auth.smtp.ca=/ca.pem", "auth.smtp.mail_domain=example.org",
        "auth.smtp.timeout=1s", "auth.email.domains=example.org,EXAMPLE.com", "auth.email.one_shot=false",
        "auth.command.path=/usr/lib/qwd/check", "auth.command.timeout=1s", "auth.login.idle=90s",
        "auth.login.absolute=2d",
        "mail.url=smtp://mail.example.org", "mail.from=desk+qwd@example.org", "mail.user=desk", "mail.password_file=/p",
        "mail.method=simple", "mail.ca=/ca.pem", "tls.certificate=/c.pem", "tls.key=/k.pem",
        "worker.users=300000-300099",
        "machines.store=https://images.example.org/qwd", "machines.proxy=http://proxy.example.org:3128",
        "network.isolation=none", "network.deny=10.0.0.0/8",
        "network.allow=10.1.2.3,fd00::1", "gpu.block=0000:01:00.0,10de:1b80", "gpu.per_user=3", "gpu.sysfs=/srv/sys",
        "mounts=[{ path: \"/data/{user}\", read_only: false, groups: [a] }, { path: /b }]",
        "exchange.limit_gib=0.5", "exchange.kept=2h", "frontend.connections=100", "frontend.connections_per_address=10",
        "frontend.monitoring=192.0.2.0/24,::2",
        "proxies=127.0.0.1,10.0.0.0/8,::1,fd00::/8",
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

    @Test func `a section within a section is shown in it`() throws {
        let yaml = try settings("auth.methods=none").yaml()
        #expect(
            yaml.contains(
                """
                auth:
                  methods: [none]  # --set
                  admins: []  # default
                  admin_group: ""  # default
                  second_factor: none  # default
                  local:
                    service: "qwd"  # default
                  ldap:
                    url: ""  # default
                    start_tls: true  # default

                """))
        #expect(yaml.split(separator: "\n").count { $0 == "auth:" } == 1)
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
            let depth = key.name.count { $0 == "." }
            let start = String(repeating: "  ", count: depth) + key.leaf + ": "
            #expect(lines.contains { $0.hasPrefix(start) })
        }
    }
}
