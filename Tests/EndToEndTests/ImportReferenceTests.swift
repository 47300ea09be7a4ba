import Foundation
import Processes
import Testing
import TestSupport

/// `qwd import-reference` with the files of a made-up qemu-web-desktop.
@Suite(.timeLimit(.minutes(1)))
struct ImportReferenceTests {
    /// A directory of the reference, and one for ours.
    private final class Site {
        let root = "/tmp/qwd-import-\(UInt32.random(in: 0...UInt32.max))"
        var old: String { "\(root)/old" }
        var new: String { "\(root)/new" }

        init() throws {
            try Files.makeDirectory("\(root)/old/config.d")
            try Files.makeDirectory("\(root)/machines")
            try Files.write(
                """
                our %config;
                $config{dir_machines} = '\(root)/machines';
                $config{service_max_session_nb} = 20;
                $config{snapshot_alloc_cpu} = 5000;
                $config{check_user_with_local} = 1;
                $config{smtp_server} = 'smtp.example.org'; $config{email_from} = 'desk@example.org'; $config{email_passwd} = 'hunter2';
                $config{dir_cfg} = File::Spec->tmpdir();
                1;

                """, to: "\(old)/config.pl")
            try Files.write("$config{service_max_session_nb} = 5;\n", to: "\(old)/config.d/site.pl")
            try Files.write(
                "; ours\n[grub.iso]\nurl=https://images.example.org/grub.iso\ndescription=GRUB\n",
                to: "\(old)/machines.conf")
            try Files.write("[more.iso]\ndescription=More\nspeed=fast\n", to: "\(old)/config.d/more.ini")
            try FileManager.default.createSymbolicLink(
                atPath: "\(root)/machines/grub.iso", withDestinationPath: "/usr/lib/grub-rescue/grub-rescue-cdrom.iso")
        }

        deinit { Files.remove(root) }

        func run(_ words: [String]) async throws -> (code: Int32, output: String, errors: String) {
            try await answer(of: builtProgram, to: words, environment: programEnvironment(runtime: root))
        }
    }

    @Test func `what is written is a configuration and a catalogue, and each key is accounted for`() async throws {
        let site = try Site()
        let answer = try await site.run(["import-reference", site.old, "--to", site.new])
        #expect(answer.code == 0, "\(answer)")
        func line(_ place: String) -> Substring {
            answer.output.split(separator: "\n").first { $0.contains(place) } ?? ""
        }
        #expect(line("config.d/site.pl:1").contains("limits.sessions: 5"))
        #expect(line("config.pl:4").contains("not carried over") && line("config.pl:4").contains("1024"))
        #expect(line("config.pl:7").contains("not understood") && line("config.pl:7").contains("dir_cfg"))
        #expect(line("config.d/more.ini:3").contains("not carried over"), "\(answer.output)")
        #expect(!(answer.output + answer.errors).contains("hunter2"))

        let yaml = try #require(Files.read("\(site.new)/qwd.yaml"))
        #expect(!yaml.contains("hunter2") && !yaml.contains("5000"))
        #expect(Files.read("\(site.new)/mail.password") == "hunter2\n")
        #expect(FileRights(of: "\(site.new)/mail.password")?.mode == 0o600)
        let checked = try await site.run(["config", "show", "--config", "\(site.new)/qwd.yaml"])
        #expect(checked.code == 0, "\(checked)")
        let listed = try await site.run(["machine", "list", "--config", "\(site.new)/qwd.yaml"])
        #expect(listed.output.contains("GRUB"), "\(listed)")
        #expect(Files.read("\(site.new)/machines.conf")?.contains("\n;speed=fast\n") == true)
    }

    @Test func `nothing is written over a file that is there, or in a dry run`() async throws {
        let site = try Site()
        let dry = try await site.run(["import-reference", site.old, "--to", site.new, "--dry-run"])
        #expect(dry.code == 0 && dry.output.contains("sessions: 5") && dry.output.contains("[grub.iso]"), "\(dry)")
        #expect(!Files.exists(site.new) && !dry.output.contains("hunter2"))
        try Files.makeDirectory(site.new)
        try Files.write("mine", to: "\(site.new)/machines.conf")
        let answer = try await site.run(["import-reference", site.old, "--to", site.new])
        #expect(answer.code == 1 && answer.errors.contains("--to DIR"), "\(answer)")
        #expect(Files.names(in: site.new) == ["machines.conf"] && Files.read("\(site.new)/machines.conf") == "mine")
    }

    @Test func `a directory that is none of the reference's says so`() async throws {
        let site = try Site()
        let empty = try await site.run(["import-reference", "\(site.root)/machines", "--to", site.new])
        #expect(empty.code == 1 && empty.errors.contains("neither config.pl nor machines.conf"), "\(empty)")
        #expect(
            try await site.run(["import-reference", "/nowhere", "--to", site.new]).errors.contains(
                "no directory /nowhere"))
    }
}
