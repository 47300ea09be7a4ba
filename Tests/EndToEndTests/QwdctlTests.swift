import Foundation
import Processes
@testable import qwd
import Testing
import TestSupport

/// The program called by the name of qemu-web-desktop's command.
@Suite(.timeLimit(.minutes(2)))
struct QwdctlTests {
    @Test(arguments: [
        ("", "status"), ("status", "status"), ("download", "machine download"),
        ("update slax.iso", "machine download slax.iso"),
        ("refresh", "machine refresh"), ("start slax.iso", "start slax.iso"),
        (
            "start slax.iso --snapshot_alloc_cpu=2 --snapshot_alloc_mem=0.5 --snapshot_alloc_disk=20",
            "start slax.iso --cpu=2 --memory=0.5 --disk=20"
        ),
        ("start --snapshot_use_master=1 d.qcow2", "start d.qcow2 --use-master"),
        ("start d.qcow2 --snapshot_use_master=0", "start d.qcow2"),
        ("start d.qcow2 --snapshot_lifetime=3600", "start d.qcow2 --lifetime=3600s"),
        ("start d.qcow2 --oneshot=0", "start d.qcow2 --keep"),
        ("start d.qcow2 --oneshot=1 --gpu=1", "start d.qcow2 --gpu"),
        ("start d.qcow2 --config_script=/s", "start d.qcow2 --script=/s"),
        ("stop", "stop"), ("stop 1m8dvced809435k5", "stop 1m8dvced809435k5"), ("edit", "machine edit"),
        ("edit machines", "machine edit"),
        ("edit config", "config edit"), ("edit slax.iso", "machine edit"),
        ("enable slax.iso", "machine enable slax.iso"),
        ("enable ./a.iso Words", "machine enable ./a.iso Words"),
        ("enable https://h/a.iso Words", "machine add https://h/a.iso --title Words"),
        ("disable slax.iso", "machine disable slax.iso"), ("purge", "machine purge"),
        ("purge --yes", "machine purge --yes"),
        ("purge slax.iso --yes", "machine remove slax.iso --yes"), ("gpu", "gpu list"),
        ("gpu 0000:01:00.0", "gpu bind 0000:01:00.0"),
        ("gpu_lock 01:00.0 --yes", "gpu bind 01:00.0 --yes"), ("gpu-unlock 01:00.0", "gpu unbind 01:00.0"),
        ("gpu_clean 01:00.0", "gpu unbind 01:00.0"), ("version", "version"), ("help", "--help"), ("--help", "--help"),
        ("start --help", "start --help"), ("edit --help", "machine edit --help"),
        ("status --config /x --set log.level=debug", "status --config /x --set log.level=debug"),
    ])
    func `a verb becomes a command`(typed: String, ours: String) throws {
        #expect(try Qwdctl.translate(typed.split(separator: " ").map(String.init)).joined(separator: " ") == ours)
    }

    @Test func `a variable says yes too`() throws {
        #expect(try Qwdctl.translate(["purge"], environment: ["QWDCTL_YES": "1"]) == ["machine", "purge", "--yes"])
    }

    @Test(arguments: [
        ("strat slax.iso", Int32(2), "Did you mean start?"), ("start", 2, "qwdctl start NAME"),
        ("start a b", 2, "qwdctl start NAME"),
        ("start a --snapshot_alloc_cup=2", 2, "Did you mean --snapshot_alloc_cpu=?"),
        ("start a --snapshot_alloc_cpu", 2, "--snapshot_alloc_cpu=VALUE"),
        ("start a --snapshot_lifetime=1d", 2, "whole seconds"), ("start a --service_max_load=0.5", 69, "limits.load"),
        ("start a --qemu_video=qxl", 69, "`video` in a machine's section"), ("edit web", 69, "qwdctl edit config"),
        ("enable gpu", 69, "qwd gpu list"),
        ("disable gpu", 69, "qwd gpu bind"), ("gpu 10de:1b80", 69, "PCI addresses"),
        ("gpu-unlock", 2, "qwdctl gpu-unlock ADDRESS"),
        ("status now", 2, "qwdctl status"),
    ])
    func `what has no counterpart says so, with the way out`(typed: String, code: Int32, says: String) throws {
        let failure = #expect(throws: Failure.self) {
            try Qwdctl.translate(typed.split(separator: " ").map(String.init))
        }
        #expect(
            failure?.code.rawValue == code && failure?.message.contains(says) == true, "\(String(describing: failure))")
    }

    @Test func `every verb leads to a command that there is`() async throws {
        for verb in QwdctlVerb.allCases {
            for command in verb.ours {
                let words = command.split(separator: " ").dropFirst().map(String.init) + ["--help"]
                let answer = try await run(builtProgram, words)
                #expect(answer.code == 0 && answer.output.contains("USAGE: qwd"), "\(command): \(answer)")
            }
        }
    }

    @Test func `the document has each verb and option`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let lines = try String(contentsOf: root.appending(path: "docs/migration.md"), encoding: .utf8).split(
            separator: "\n")
        for row in QwdctlVerb.allCases.map(\.documentationRow) + QwdctlOption.allCases.map(\.documentationRow)
        where !lines.contains(row[...]) {
            Issue.record("docs/migration.md needs this row:\n\(row)")
        }
    }

    @Test func `the program obeys the name by which it is called`() async throws {
        let root = "/tmp/qwd-ctl-\(UInt32.random(in: 0...UInt32.max))"
        try Files.makeDirectory(root)
        defer { Files.remove(root) }
        try Files.link("\(root)/qwdctl", to: builtProgram)
        let program = "\(root)/qwdctl"
        #expect(try await run(program, ["version"]).output.hasPrefix("qwd "))
        let web = try await run(program, ["edit", "web"])
        #expect(web.code == 69 && web.errors.contains("qwdctl edit config"), "\(web)")
        let status = try await run(program, ["status", "--set", "runtime_dir=\(root)", "--set", "state_dir=\(root)"])
        #expect(status.code == 69 && status.errors.contains("No service answers"), "\(status)")
        #expect(try await run(program, ["nope"]).code == 2)
        let help = try await run(program, ["help"])
        #expect(help.code == 0 && help.output.contains("qwdctl gpu-unlock ADDRESS"), "\(help)")
    }

    private func run(
        _ program: String, _ words: [String]
    ) async throws -> (code: Int32, output: String, errors: String) {
        try await answer(
            of: program, to: words, environment: programEnvironment(runtime: Files.directory(of: program)))
    }
}
