@testable import Catalogue
import Domain
import Hypervisor
import Machines
import Processes
import Queue
import Secrets
import Testing
@testable import Worker

/// Boot scripts for Windows.
@Suite struct BatchScriptTests {
    private let id = SessionID(milliseconds: 1)

    private func machine(
        _ system: BootSurvey.System = .windows, _ inject: Injection = .firstboot, script: String? = nil
    ) -> Machine {
        var machine = Machine(name: "win.qcow2", description: "Win", path: "/m", kind: .disk, format: .qcow2)
        (machine.system, machine.inject) = (system, inject)
        machine.script = script.flatMap { BootScriptRule(written: $0) }
        return machine
    }

    private func scripts(
        _ rules: [String] = [], own: String? = nil, machine: Machine, owner: PersonName = "ann",
        password: String? = nil
    ) async throws -> [BootScript] {
        let sources = BootScriptSources(
            always: rules.compactMap { BootScriptRule(written: $0) }, takesPasswords: password != nil)
        let request = SessionRequest(
            owner: owner, machine: machine.name, resources: Resources(), lifetimeSeconds: 0, oneShot: false)
        return try await sources.scripts(
            for: request, machine: machine,
            given: BootScriptPayload(script: own, password: password.map { Secret($0) }), session: id)
    }

    private func error(_ body: () async throws -> [BootScript]) async throws -> String {
        let error = await #expect(throws: MachineError.self) { _ = try await body() }
        return try #require(error).detail
    }

    @Test func `what is for all machines runs where it can, and what is for one in that one`() async throws {
        let rules = [
            "exec: echo sh", "cmd: echo all", "if(machine=win.qcow2): cmd: echo one",
            "if(machine!=win.qcow2): exec: id",
        ]
        let windows = try await scripts(rules, own: "@echo off\necho own", machine: machine(script: "cmd: echo its"))
        #expect(
            windows.map(\.text)
                == ["all", "one", "its", "own"].map { "@echo off\necho \($0)\n" })
        let linux = try await scripts(Array(rules.prefix(2)), own: "exec: id", machine: machine(.linux, .auto))
        #expect(linux.map(\.text) == ["#!/bin/sh\necho sh\n", "#!/bin/sh\nid\n"])
        // Of one that nobody knows, what is meant for it tells.
        #expect(try await scripts(rules, machine: machine(.unknown)).allSatisfy(\.isBatch))
        #expect(try await scripts(Array(rules.prefix(2)), machine: machine(.unknown, .auto)).map(\.isBatch) == [false])
        // As ever: rules for a shell keep no Windows from starting.
        #expect(try await scripts(["exec: echo sh"], machine: machine(.windows, .auto)).isEmpty)
    }

    @Test(arguments: [Injection.auto, .firmware, .seed, .credential, .agent, .firstboot, .none])
    func `what is meant for a machine of the other system is an error`(inject: Injection) async throws {
        for (rules, own, script) in [
            (["cmd: echo x", "if(machine=win.qcow2): exec: secret"], nil, nil), ([], "exec: secret", nil),
            ([], nil, "exec: secret"),
        ] as [([String], String?, String?)] {
            let said = try await error {
                try await scripts(rules, own: own, machine: machine(.windows, inject, script: script))
            }
            let name =
                own != nil
                ? "The session's own boot script" : script != nil ? "script=" : "Boot script 2 of scripts.always"
            #expect(said.contains(name) && said.contains("is for sh, and Win is a Windows") && !said.contains("secret"))
            #expect(said.contains("if(machine!=win.qcow2):"))
        }
        let said = try await error { try await scripts(own: "cmd: echo", machine: machine(.linux, inject)) }
        #expect(said.contains("is for Windows, and Win is a Linux"))
    }

    @Test(arguments: [Injection.auto, .firmware, .seed, .credential, .agent])
    func `no other way leads into a Windows`(inject: Injection) async throws {
        for system in [BootSurvey.System.windows, .unknown] {
            let said = try await error { try await scripts(own: "cmd: echo", machine: machine(system, inject)) }
            #expect(said.contains("inject=firstboot") && said.contains("inject=\(inject.rawValue)"))
        }
    }

    @Test func `names stand in variables, in quotes`() async throws {
        let found = try await scripts(
            own: "@echo off\necho 100% @USER@ \"a b\" @PW@\r\nexit 3", machine: machine(),
            owner: "ann & 'x", password: "a%PATH%^&|<>!(b)")
        let text = "@echo off\necho 100% \"%QWD_USER%\" \"a b\" \"%QWD_PW%\"\r\nexit 3\n"
        let settings = ["set \"QWD_USER=ann & 'x\"", "set \"QWD_PW=a%%PATH%%^&|<>!(b)\""]
        #expect(found.map(\.text) == [text] && found.map(\.settings) == [settings])
        let file = try #require(BatchScript.files(found, session: id).first)
        #expect(file.contains(":qwd_script\n@set \"QWD_SCRIPT=\"\n@echo off\necho 100% \"%QWD_USER%\""))
        #expect(
            file.contains("\n\(settings.joined(separator: "\n"))\n") && !file.contains("\r") && !file.contains("chcp"))
        #expect(file.contains(">COM1 echo qwd-script 1/1 !code! : !last:~0,100!\n"))
        let wide = try await scripts(own: "cmd: echo @USER@", machine: machine(), owner: "Jürgen")
        #expect(BatchScript.files(wide, session: id).first?.contains("\nchcp 65001 >nul\n") == true)
    }

    @Test(arguments: [
        ("cmd: echo @PW@", "a\"b", "a quotation mark"), ("cmd: echo @PW@", "a\nb", "a line's end"),
        ("cmd: echo @PW@", "a\u{7}", "a line's end"), ("cmd: echo @PW@", "a\\", "a backslash at its end"),
        ("cmd: setlocal EnableDelayedExpansion & echo @PW@", "a!b", "! or ^"),
        ("cmd: SETLOCAL enabledelayedexpansion & echo @PW@", "a^b", "! or ^"),
        ("cmd: echo \"@PW@\"", "zq", "stands in quotes"),
    ])
    func `what can't be quoted is refused, and not told`(script: String, password: String, says: String) async throws {
        let said = try await error { try await scripts(own: script, machine: machine(), password: password) }
        #expect(said.contains(says) && said.contains("@PW@") && !said.contains(password), "\(said)")
    }

    @Test func `what can't be quoted is nothing to a script that has no use for it`() async throws {
        let found = try await scripts(own: "cmd: echo \"@\" @VM@", machine: machine(), owner: "a\"b", password: "a\"b")
        #expect(found.map(\.settings) == [["set \"QWD_VM=win.qcow2\""]])
    }

    @Test func `a Windows gets them as files, and a machine of another system none`() async throws {
        var harness = try await WorkerHarness()
        harness.others = [machine()]
        let worker = harness.worker(runtime: "r") {
            $0.scripts.always = ["exec: echo sh", "cmd: echo one", "cmd: echo two"].compactMap {
                BootScriptRule(written: $0)
            }
        }
        for (name, files, hasText) in [("win.qcow2", 2, false), ("m.iso", 0, true)] {
            let request = SessionRequest(
                owner: "ann", machine: name, resources: Resources(cpu: 1, memoryMiB: 16, diskGiB: 1),
                lifetimeSeconds: 0,
                oneShot: false)
            let specification = try await worker.specify(
                WorkerHarness.secret.sealed(request, for: id), id,
                Claim(job: "j", kind: .create, session: id, fence: 1, attempt: 1)
            ).0
            #expect(specification.batchScripts.count == files && (specification.bootScript != nil) == hasText)
            #expect(specification.customizesDisk == !hasText)
        }
    }

    @Test func `files are batch scripts by their first line or their name`() async throws {
        let root = "/tmp/qwd-batch-\(UInt32.random(in: 0...UInt32.max))"
        defer { Files.remove(root) }
        try Files.makeDirectory(root)
        try Files.write("\u{FEFF}@echo off\r\necho a\r\n", to: "\(root)/first")
        try Files.write("echo b\r\n", to: "\(root)/b.CMD")
        try Files.write("echo sh\n", to: "\(root)/c.sh")
        let found = try await scripts(["first", "b.CMD", "c.sh"].map { "\(root)/\($0)" }, machine: machine())
        #expect(found.map(\.text) == ["@echo off\r\necho a\r\n", "@rem\necho b\r\n"])
        let said = try await error { try await scripts(machine: machine(script: "\(root)/c.sh")) }
        #expect(said.contains("The boot script \(root)/c.sh is for sh"))
    }
}
