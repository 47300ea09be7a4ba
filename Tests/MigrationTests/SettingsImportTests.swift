import Domain
import Foundation
@testable import Migration
import Settings
import Testing

struct SettingsImportTests {
    private func made(_ text: String) -> SettingsImport { SettingsImport(files: [("/etc/q/config.pl", text)]) }

    /// The settings of a configuration that was made.
    private func settings(_ text: String) throws -> Settings {
        let file = FileManager.default.temporaryDirectory.appending(path: "qwd-import-\(UUID().uuidString).yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        var made = made(text)
        made.setPasswordFile("/etc/qwd/mail.password")
        try Data(made.yaml.utf8).write(to: file)
        return try SettingsLoader.load(configFile: file.path, environment: [:], overrides: []).get()
    }

    @Test func `what means the same is carried over, and what is not quite is changed`() throws {
        let settings = try settings(
            """
            $config{snapshot_lifetime} = 172800; $config{snapshot_alloc_cpu} = 2; $config{snapshot_alloc_mem} = 0.5;
            $config{service_max_load} = 0.5; $config{service_max_session_nb} = 20; $config{service_max_cpu_fraction_nb_per_user} = 1;
            $config{user_admin} = ('ann', 'bob'); $config{layout_cpu} = [2,8]; $config{layout_lifetime} = [1, 2];
            $config{machine} = '-'; $config{dir_machines} = '/srv/machines'; $config{gpu_blacklist} = "01:00.0, 02:00.0";
            $config{service_port} = 6081; $config{dir_mounts} = ('/mnt', '/media'); $config{service_proxy} = 'http://proxy:3128';
            $config{config_script} = ['exec: touch /x', '/etc/s.sh'];
            """)
        #expect(settings.limits.lifetime == .seconds(172_800) && settings.defaults.lifetime == .seconds(172_800))
        #expect(settings.defaults.cpu == 2 && settings.defaults.memoryMiB == 512 && settings.defaults.machine == nil)
        #expect(
            settings.limits.load == 0.5 && settings.limits.sessions == 20 && settings.limits.cpuFractionPerUser == 0)
        #expect(settings.auth.admins.map(\.text) == ["ann", "bob"])
        #expect(settings.form.cpu == [2, 8] && settings.form.lifetime == [.seconds(86_400), .seconds(172_800)])
        #expect(settings.machines.directory == "/srv/machines" && settings.machines.proxy == "http://proxy:3128")
        #expect(settings.gpu.block == ["01:00.0", "02:00.0"] && settings.display.listen.port == 6081)
        #expect(settings.mounts.map(\.path) == ["/mnt", "/media"] && settings.mounts.allSatisfy(\.isReadOnly))
        #expect(settings.scripts.always.count == 2)
    }

    @Test func `ways to sign in come with their servers, and a password goes into a file`() throws {
        let text = """
            $config{check_user_with_ldap} = 1; $config{check_user_with_imap} = 1; $config{check_user_with_smtp} = 0;
            $config{ldap_server} = 'ldap.example.org'; $config{ldap_port} = 389; $config{ldap_domain} = 'EXP';
            $config{imap_server} = 'imap.example.org'; $config{imap_port} = 1993;
            $config{smtp_server} = 'smtp.example.org'; $config{smtp_port} = 465;
            $config{email_from} = 'desk@example.org'; $config{email_passwd} = 'hunter2'; $config{check_user_mfa} = 1;
            """
        let settings = try settings(text)
        #expect(settings.auth.methods == [.imap, .ldap] && settings.auth.secondFactor == .email)
        #expect(settings.auth.ldap.url?.description == "ldap://ldap.example.org" && settings.auth.ldap.base == "dc=EXP")
        #expect(settings.auth.ldap.startTLS, "no password crosses the network in clear")
        #expect(settings.auth.imap.url?.description == "imaps://imap.example.org:1993")
        #expect(settings.auth.smtp.url == nil && settings.mail.url?.description == "smtps://smtp.example.org:465")
        #expect(settings.mail.passwordFile == "/etc/qwd/mail.password" && settings.mail.user == "desk@example.org")
        let made = made(text)
        #expect(made.mailPassword == "hunter2")
        #expect(!made.yaml.contains("hunter2") && !made.outcomes.contains { $0.text.contains("hunter2") })
    }

    @Test func `each key that was set has one outcome, with its place`() {
        let text = ReferenceKey.all.map { "$config{\($0.name)} = '1';" }.joined(separator: "\n")
        let outcomes = made(text).outcomes
        #expect(outcomes.map(\.key) == ReferenceKey.all.map(\.name))
        for (index, outcome) in outcomes.enumerated() {
            #expect(outcome.place == "/etc/q/config.pl:\(index + 1)")
            #expect(!outcome.text.isEmpty)
        }
        #expect(Set(outcomes.map(\.key)).count == outcomes.count)
    }

    @Test func `what is no plain value, and what is no key, is said, with no value in it`() {
        let outcomes = made(
            """
            $config{check_user_custom} = sub { my $secret = 'hunter2'; };
            $config{nobody_knows} = 'hunter2';
            system("hunter2");
            """
        ).outcomes
        #expect(outcomes.map(\.fate) == ["not understood", "not understood", "not understood"])
        #expect(outcomes[0].key == "check_user_custom" && outcomes[0].text.contains("auth.command.path"))
        #expect(!"\(outcomes)".contains("hunter2"))
    }

    @Test func `outcomes stand in the order of the files and lines, and say what is left to do`() {
        let outcomes = made(
            """
            $config{user_admin} = ('');
            $config{snapshot_lifetime} = 60*60*24;
            $config{smtp_server} = 'smtp.example.org';
            $config{smtp_port} = 587;
            """
        ).outcomes
        #expect(outcomes.map(\.key) == ["user_admin", "snapshot_lifetime", "smtp_server", "smtp_port"])
        #expect(outcomes[0].text.hasPrefix("It sets nothing."))
        #expect(outcomes[1].text.contains("by hand: limits.lifetime, defaults.lifetime."))
        #expect(outcomes[3].text == "A part of the address of `smtp_server`.")
    }

    @Test(arguments: [
        ("$config{snapshot_alloc_cpu} = 'two';", "no number"), ("$config{service_port} = 99999;", "no port"),
        ("$config{check_user_with_imap} = 1;", "no imap_server"),
        ("$config{certificate_crt} = '/c.pem';", "certificate_key"),
        ("$config{config_script} = 'if($user eq \"x\"): exec: y';", "not evaluated"),
        ("$config{dir_mounts} = ('mnt');", "none of the kind"),
        ("$config{check_user_mfa} = 1;", "smtp_server"),
    ])
    func `a value that can't be carried over says why`(text: String, why: String) {
        let made = made(text)
        #expect(made.outcomes.map(\.fate) == ["not carried over"])
        #expect(made.outcomes[0].text.contains(why), "\(made.outcomes)")
        #expect(!made.yaml.contains(": "), "\(made.yaml)")
    }

    @Test func `what our loader refuses is taken back, and said`() throws {
        var made = made("$config{snapshot_alloc_cpu} = 5000;\n$config{snapshot_alloc_mem} = 2;")
        let error = SettingsError(
            origin: .builtIn, key: "defaults.cpu", found: "5000", expected: "a whole number from 1 to 1024")
        let isDone = made.refuse([error])
        #expect(isDone)
        #expect(!made.sets("defaults.cpu") && made.sets("defaults.memory_gib"))
        #expect(made.outcomes[0].fate == "not carried over" && made.outcomes[0].text.contains("1024"))
        let isDoneAgain = made.refuse([error])
        #expect(!isDoneAgain, "it is gone already")
    }

    @Test func `the later file wins`() throws {
        let made = SettingsImport(files: [
            ("/etc/q/config.pl", "$config{snapshot_alloc_cpu} = 1;"),
            ("/etc/q/config.d/b.pl", "$config{snapshot_alloc_cpu} = 3;"),
        ])
        #expect(made.yaml.contains("  cpu: 3  # snapshot_alloc_cpu, /etc/q/config.d/b.pl:1"))
    }

    @Test func `the keys of ours that the table names are there`() {
        for key in ReferenceKey.all {
            for name in key.ours { #expect(SettingsSchema.key(named: name) != nil, "\(key.name): \(name)") }
        }
        #expect(Set(ReferenceKey.all.map(\.name)).count == ReferenceKey.all.count)
    }

    @Test func `the document has each key`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let lines = try String(contentsOf: root.appending(path: "docs/migration.md"), encoding: .utf8).split(
            separator: "\n")
        for key in ReferenceKey.all where !lines.contains(key.documentationRow[...]) {
            Issue.record("docs/migration.md needs this row:\n\(key.documentationRow)")
        }
    }
}
