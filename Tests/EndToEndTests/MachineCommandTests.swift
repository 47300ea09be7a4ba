import Foundation
import Processes
@testable import qwd
import Testing
import TestSupport

/// `qwd machine` and `qwd session` as an administrator types them, beside a service that runs.
@Suite(
    .timeLimit(.minutes(5)), .serialized, .enabled(if: access("/usr/lib/grub-rescue/grub-rescue-cdrom.iso", R_OK) == 0))
struct MachineCommandTests {
    static let disc = "/usr/lib/grub-rescue/grub-rescue-cdrom.iso"

    @Test(arguments: [
        ["machine"], ["machine", "list"], ["machine", "show"], ["machine", "verify"], ["machine", "refresh"],
        ["machine", "download"], ["machine", "add"], ["machine", "build"], ["machine", "enable"],
        ["machine", "disable"],
        ["machine", "edit"], ["machine", "remove"], ["machine", "purge"], ["session", "log"],
        ["session", "screenshot"],
        ["start"], ["stop"], ["status"], ["job"], ["host"], ["account"], ["audit"], ["config"], ["doctor"],
    ])
    func `every command says how it is used`(words: [String]) async throws {
        let text = try await offPool {
            let process = Process()
            process.executableURL = URL(filePath: builtProgram)
            process.arguments = words + ["--help"]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            return process.terminationStatus == 0 ? text : ""
        }
        #expect(text.contains("USAGE: qwd \(words.joined(separator: " "))"))
    }

    @Test func `an image is added, shown, used, kept while it is used, and removed`() async throws {
        let service = try RunningService()
        try await service.start()
        let added = try await service.answer(to: [
            "machine", "add", Self.disc, "--name", "new.iso", "--title", "A new one", "--option",
            "ready=seconds 1",
        ])
        #expect(added.code == 0 && added.errors.contains("new.iso is offered: firmware=bios"), "\(added)")
        let shown = try await service.answer(to: ["machine", "show", "new.iso"])
        #expect(shown.output.contains("A new one") && shown.output.contains("disk_bus"))
        #expect(try await service.answer(to: ["machine", "refresh"]).code == 0)
        #expect(try await service.answer(to: ["machine", "verify", "new.iso"]).code == 0)

        let started = try await service.answer(to: [
            "start", "new.iso", "--keep", "--snapshot_alloc_mem=0.125", "--snapshot_alloc_cpu=1",
            "--machine-option", "disk_bus=ide", "--wait", "60s",
        ])
        #expect(started.code == 0, "\(started)")
        let id = try #require(started.output.split(separator: "/").dropLast().last.map(String.init))
        // What a BIOS says is looked at once a second.
        while try await !service.answer(to: ["session", "log", id]).output.contains("Booting from") {
            try await Task.sleep(for: .milliseconds(100))
        }
        let picture = "\(service.root)/picture.png"
        #expect(try await service.answer(to: ["session", "screenshot", id, picture]).code == 0)
        #expect(try Data(contentsOf: URL(filePath: picture)).starts(with: [0x89, 0x50, 0x4E, 0x47]))

        let kept = try await service.answer(to: ["machine", "remove", "new.iso", "--yes"])
        #expect(kept.code == 1 && kept.errors.contains("a session uses it"), "\(kept)")
        #expect(try await service.answer(to: ["machine", "disable", "new.iso"]).code == 0)
        #expect(try await !service.answer(to: ["machine", "list"]).output.contains("new.iso"))
        #expect(try await service.answer(to: ["machine", "purge", "--yes"]).errors.contains("new.iso") == false)
        #expect(try await service.answer(to: ["machine", "enable", "new.iso"]).code == 0)

        #expect(try await service.answer(to: ["stop", id]).code == 0)
        // Nobody is there to say yes.
        #expect(try await service.answer(to: ["machine", "remove", "new.iso"]).code == 1)
        #expect(try await service.answer(to: ["machine", "remove", "new.iso", "--yes"]).code == 0)
        #expect(!Files.exists("\(service.machines)/new.iso"))
        #expect(try await service.answer(to: ["machine", "show", "new.iso"]).code == 1)
        await service.shutDown()
    }

    @Test(arguments: [
        ("a\r\nb\r\n", "a\nb\n"), ("a\n\rb", "a\nb"), ("a\r\r\nb", "a\nb"), ("1 %\r2 %\r", "1 %\n2 %"),
        ("a\r\n\r\nb", "a\n\nb"), ("\ra", "a"), ("a\u{1b}[0m\n", "a\u{1b}[0m\n"),
    ])
    func `a console is shown by lines, however it ends them`(text: String, lines: String) {
        #expect(SessionCommand.Log.lines(text) == lines)
    }

    @Test func `what can't be done says why, and leaves nothing`() async throws {
        let service = try RunningService()
        try await service.start()
        let before = Set(Files.names(in: service.machines))
        // The line that it lacks is put in front of it.
        let long = "\(service.root)/long"
        try Files.write(String(repeating: "a", count: 65_530), to: long)
        let commands: [([String], String)] = [
            (["machine", "add", "/etc/hostname"], "it is a text"), (["machine", "add", "/nope.iso"], "/nope.iso"),
            (["machine", "add", Self.disc, "--name", "../x"], "can't be the name"),
            (["machine", "add", Self.disc, "--name", "x.iso", "--option", "disk_bus"], "key=value"),
            (["machine", "add", Self.disc, "--name", "x.iso", "--option", "memory=2048"], "if MiB were meant"),
            (["machine", "add", Self.disc, "--name", "x.iso", "--option", "diskbus=ide"], "no such key"),
            (["start", "grub.iso", "--memory", "524288"], "If MiB were meant: --memory 512"),
            (["machine", "download", "nope"], "qwd machine add"), (["machine", "enable", "nope.iso"], "no file"),
            (["start", "grub.iso", "--machine-option", "path=/etc/passwd"], "can't be another one"),
            (["start", "grub.iso", "--machine-option", "disk_bus=floppy"], "auto, virtio"),
            (["start", "grub.iso", "--lifetime", "5"], "qwd: --lifetime: '5' is no duration"),
            (["start", "grub.iso", "--memory", "0"], "qwd: --memory: 0.0"),
            (["start", "grub.iso", "--gpu"], "No host has a graphics card"),
            (["start", "grub.iso", "--script", long], "has 65530 bytes, and may have 65525"),
            (["session", "log", "x"], "qwd status"),
            (["session", "screenshot", "1m8dvced809435k5", "/x"], "no session"),
        ]
        for (words, advice) in commands {
            let answer = try await service.answer(to: words)
            #expect(answer.code != 0 && answer.errors.contains(advice), "\(words): \(answer)")
            #expect(!answer.errors.contains("<subcommand>"), "\(words): \(answer)")
        }
        #expect(Set(Files.names(in: service.machines)) == before)
        await service.shutDown()
    }

    @Test func `an image that this host lacks is taken from the store once, and none that the store lies about`()
        async throws
    {
        let root = "/tmp/qwd-store-\(UInt32.random(in: 0...UInt32.max))"
        defer { Files.remove(root) }
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        for name in ["far.iso", "lie.iso"] {
            try FileManager.default.copyItem(atPath: Self.disc, toPath: "\(root)/\(name)")
        }
        let service = try RunningService(["machines.store=\(root)"])
        let file = "\(service.machines)/machines.conf"
        let wrong = String(repeating: "0", count: 64)
        let text =
            (Files.read(file) ?? "") + "[far.iso]\ntitle=Far\n[lie.iso]\nsha256=\(wrong)\n[none.iso]\ntitle=None\n"
        try Files.write(text, to: file)
        try await service.start()
        async let first = service.answer(to: ["start", "far.iso", "--keep"])
        async let second = service.answer(to: ["start", "far.iso", "--keep"])
        for answer in [try await first, try await second] { #expect(answer.code == 0, "\(answer)") }
        #expect(Files.exists("\(service.machines)/far.iso"))
        let lie = try await service.answer(to: ["start", "lie.iso"])
        #expect(lie.code == 1 && lie.errors.contains("is not what its section promises"), "\(lie)")
        let none = try await service.answer(to: ["start", "none.iso"])
        #expect(none.code == 1 && none.errors.contains("store"), "\(none)")
        #expect(Set(Files.names(in: service.machines)) == ["machines.conf", "grub.iso", "far.iso"])
        await service.shutDown()
    }
}
