@testable import Catalogue
import Domain
import Foundation
import Machines
import Processes
import Testing
@testable import Worker

@Suite final class BootScriptSourcesTests {
    private let root: String
    private let id = SessionID(milliseconds: 1)

    init() async throws {
        root = "/tmp/qwd-scripts-\(UInt32.random(in: 0...UInt32.max))"
        try Files.makeDirectory("\(root)/offered")
        try Files.write("echo site\n", to: "\(root)/site.sh")
        try Files.write("#!/bin/sh\necho mine\n", to: "\(root)/offered/mine.sh")
        try Files.write("echo secret\n", to: "\(root)/secret")
        try Files.link("\(root)/offered/out", to: "\(root)/secret")
        try Files.link("\(root)/offered/in", to: "\(root)/offered/mine.sh")
        try Data([0x23, 0x21, 0x2F, 0xE9, 0x0A]).write(to: URL(filePath: "\(root)/offered/latin"))
        try Data([0x23, 0x21, 0x2F, 0x00, 0x0A]).write(to: URL(filePath: "\(root)/offered/nul"))
        try Files.write("#!/bin/sh\n" + String(repeating: "x", count: 200), to: "\(root)/offered/long")
    }

    deinit { Files.remove(root) }

    private func request(groups: [String] = []) -> SessionRequest {
        var request = SessionRequest(
            owner: "ann'; rm -rf /", machine: "m", resources: Resources(), lifetimeSeconds: 0, oneShot: false)
        request.groups = groups
        return request
    }

    private var machine: Machine { Machine(name: "m", description: "", path: "/m", kind: .disk, format: .raw) }

    private func scripts(
        _ rules: [String] = [], own: String? = nil, groups: [String] = [], machine: Machine? = nil,
        password: String? = nil, takesPasswords: Bool = false
    ) async throws -> [BootScript] {
        defer { Files.remove(root) }
        let sources = BootScriptSources(
            always: rules.compactMap { BootScriptRule(written: $0) }, paths: ["\(root)/offered"],
            takesPasswords: takesPasswords, mostBytes: 100)
        return try await sources.scripts(
            for: request(groups: groups), machine: machine ?? self.machine,
            given: BootScriptPayload(script: own, password: password.map { Secret($0) }), session: id)
    }

    @Test func `come in their order: those for all, the machine's, the person's own`() async throws {
        var machine = machine
        machine.script = BootScriptRule(written: "if(group=staff): exec: echo machine")
        let found = try await scripts(
            ["\(root)/site.sh", "if(user=bob): exec: echo bob", "exec: echo second"], own: "\(root)/offered/in",
            groups: ["staff"], machine: machine)
        #expect(
            found.map(\.text) == [
                "#!/bin/sh\necho site\n", "#!/bin/sh\necho second\n", "#!/bin/sh\necho machine\n",
                "#!/bin/sh\necho mine\n",
            ])
    }

    @Test func `have the session's names in them, as words that end nowhere`() async throws {
        let found = try await scripts(own: "exec: echo @USER@ @SESSION_NAME@ @VM@ @PW@")
        #expect(found.map(\.text) == ["#!/bin/sh\necho 'ann'\\''; rm -rf /' '\(id)' 'm' @PW@\n"])
    }

    @Test func `have a person's password in them where that is allowed, and what stands in it is no symbol`()
        async throws
    {
        let found = try await scripts(
            own: "exec: mount @PW@ @@PW@ @USER@", password: "a'@VM@ $(id)", takesPasswords: true)
        #expect(
            found.map(\.text) == ["#!/bin/sh\nmount 'a'\\''@VM@ $(id)' @'a'\\''@VM@ $(id)' 'ann'\\''; rm -rf /'\n"])
        // A mark that combines with a quote is none for a shell.
        let marked = try await scripts(own: "exec: echo @PW@", password: "'\u{301};id;'\u{301}", takesPasswords: true)
        #expect(marked.map { Array($0.text.utf8) } == [Array("#!/bin/sh\necho ''\\''\u{301};id;'\\''\u{301}'\n".utf8)])
        // Where it is not allowed one that was given stays out.
        #expect(try await scripts(own: "exec: echo @PW@", password: "x").map(\.text) == ["#!/bin/sh\necho @PW@\n"])
        await #expect(throws: MachineError.self) { try await scripts(own: "exec: echo @PW@", takesPasswords: true) }
        #expect(try await scripts(own: "exec: true", takesPasswords: true).count == 1)
    }

    @Test func `a payload is read as it was written`() {
        for payload in [
            BootScriptPayload(), BootScriptPayload(script: "exec: x"), BootScriptPayload(password: Secret("p")),
            BootScriptPayload(script: "#!/bin/sh\n", password: Secret("p w")),
        ] {
            #expect(BootScriptPayload(payload.text) == payload)
            #expect(!"\(payload)".contains("p w"))
        }
    }

    @Test(arguments: ["secret", "offered/out", "offered/../secret", "offered", "nothing", "../etc/passwd"])
    func `of a person's own name no file that is not offered`(path: String) async throws {
        await #expect(throws: MachineError.self) { try await scripts(own: "\(root)/\(path)") }
    }

    @Test(arguments: ["latin", "nul", "long"])
    func `are texts of a length`(name: String) async throws {
        await #expect(throws: MachineError.self) { try await scripts(own: "\(root)/offered/\(name)") }
    }

    @Test func `options of QEMU are those of the machine and of the rules for a session, and no scripts`() async throws
    {
        var machine = machine
        machine.qemu = try QEMUOptions(written: "-m 1")
        let rules = ["if(group=staff): qemu: -device x", "if(group=guests): qemu: -device y", "qemu: -device 'z z'"]
        let sources = BootScriptSources(always: rules.compactMap { BootScriptRule(written: $0) })
        #expect(
            sources.qemuOptions(for: request(groups: ["staff"]), machine: machine)
                == ["-m", "1", "-device", "x", "-device", "z z"])
        #expect(try await scripts(rules, groups: ["staff"]).isEmpty)
    }

    @Test func `what is done to a disk is by the rules for a session, and no script`() async throws {
        let rules = ["if(group=staff): virt-customize: --hostname a", "if(group=guests): virt-customize: --hostname b"]
        let sources = BootScriptSources(always: rules.compactMap { BootScriptRule(written: $0) })
        #expect(sources.diskCommands(for: request(groups: ["staff"]), machine: machine) == ["hostname a"])
        #expect(try await scripts(rules, groups: ["staff"]).isEmpty)
    }

    @Test func `as one are run by a shell, each with what came of it`() throws {
        defer { Files.remove(root) }
        let scripts = [
            BootScript(text: "#!/bin/sh\necho ran >>\(root)/count; echo 'one'\n"),
            BootScript(text: "#!/bin/sh\necho two >&2; exit 3\n"),
            BootScript(text: "#!/bin/sh\nEND-OF-SCRIPT\n\u{1F600}\n"),
        ]
        // As on a guest, but for the places.
        var text = BootScriptBundle.text(scripts, session: id)
        for (place, other) in [
            ("/run/qwd", "\(root)/run"), ("/var/lib/qwd", "\(root)/lib"), ("/dev/ttyS0", "\(root)/console"),
        ] {
            text = text.replacing(place, with: other)
        }
        text = text.replacing("if [ -c $console ] && ", with: "if ").replacing(
            "\"$1\" > $console", with: "\"$1\" >> $console")
        try Files.write(text, to: "\(root)/bundle")
        // At last the guest begins anew, which empties /run.
        for (isFirst, waits) in [(true, false), (false, false), (false, true), (true, true)] {
            if isFirst { Files.remove("\(root)/run") }
            let shell = Process()
            shell.executableURL = URL(filePath: "/bin/sh")
            shell.arguments = ["\(root)/bundle"] + (waits ? ["wait"] : [])
            let output = Pipe()
            shell.standardOutput = output
            try shell.run()
            let said = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            shell.waitUntilExit()
            // To who has started it, and to the console, which keeps those of the first run.
            let console = try String(contentsOfFile: "\(root)/console", encoding: .utf8)
            for (text, isTold) in [(said, isFirst || waits), (console, true)] {
                let results = text.split { $0.isNewline }.compactMap { BootScriptResult(line: $0) }
                #expect(results.map(\.code) == (isTold ? [0, 3, 127] : []), "\(text)")
                if isTold { #expect(results.map(\.lastLine).prefix(2) == ["one", "two"]) }
            }
        }
        #expect(Files.read("\(root)/count") == "ran\n")
        // One during which the guest went down is not run again, and that is told.
        Files.remove("\(root)/run")
        Files.remove("\(root)/lib/\(id)/done")
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = ["\(root)/bundle"]
        let output = Pipe()
        shell.standardOutput = output
        try shell.run()
        let said = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        shell.waitUntilExit()
        #expect(said.contains("the guest went down while it ran") && Files.read("\(root)/count") == "ran\n")
    }
}
