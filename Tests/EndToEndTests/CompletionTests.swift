import Domain
import Foundation
import Processes
import Queue
import Testing
import TestSupport

/// What bash offers behind a command, with the script that the program makes for it.
@Suite(.timeLimit(.minutes(1)), .serialized, .enabled(if: Programs.find("bash") != nil, "bash is not installed"))
struct CompletionTests {
    /// Does what readline does for a key: it fills the variables that bash(1) names, and calls the function.
    private static let key = """
        source "$1" 2> /dev/null; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
        _qwd "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2> "$MESSAGES"
        printf '%s\\n' "${COMPREPLY[@]}"

        """

    /// - Returns: What is offered, and what the program says besides.
    private func offer(_ words: [String], runtime: String) async throws -> (words: [String], says: String) {
        let root = "/tmp/qwd-key-\(UInt32.random(in: 0...UInt32.max))"
        try Files.makeDirectory(root)
        defer { Files.remove(root) }
        try Files.write(Self.key, to: "\(root)/key")
        let script = try await output("\(builtProgram)", ["--generate-completion-script", "bash"], [:])
        try Files.write(script, to: "\(root)/qwd.bash")
        let text = try await output(
            try #require(Programs.find("bash")), ["\(root)/key", "\(root)/qwd.bash", builtProgram] + words,
            programEnvironment(runtime: runtime).merging(["MESSAGES": "\(root)/messages"]) { $1 })
        let says = (Files.read("\(root)/messages") ?? "").split(separator: "\n").filter { !$0.contains("compopt") }
        return (text.split(separator: "\n").map(String.init), says.joined(separator: "\n"))
    }

    private func output(_ program: String, _ words: [String], _ environment: [String: String]) async throws -> String {
        try await offPool {
            let process = Process()
            process.executableURL = URL(filePath: program)
            process.arguments = words
            if !environment.isEmpty { process.environment = environment }
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            return text
        }
    }

    @Test func `sessions, jobs, hosts and machines of the service are offered`() async throws {
        let service = try RunningService(["worker.hypervisor=simulated"])
        try await service.start()
        let id = try await service.create()
        #expect(try await service.settled(id).state == .running)
        let job = try #require(try await service.queue.jobs().first?.id)
        let machines = [
            "--set", "machines.directory=\(service.machines)", "--set",
            "machines.catalogue=\(service.machines)/machines.conf",
        ]
        let keys: [([String], String)] = [
            (["stop", ""], id.text), (["stop", String(id.text.prefix(3))], id.text), (["session", "log", ""], id.text),
            (["job", "show", ""], job), (["host", "drain", "he"], "here"), (["start", "--host", ""], "here"),
            (["start", "gr"], "grub.iso"), (["machine"] + ["show"] + machines + [""], "grub.iso"),
        ]
        for (words, expected) in keys {
            let offered = try await offer(words, runtime: service.runtime)
            #expect(offered.words == [expected] && offered.says == "", "\(words): \(offered)")
        }
        #expect(try await offer(["stop", "zz"], runtime: service.runtime).words == [])
        await service.shutDown()
    }

    @Test func `keys of the configuration are offered`() async throws {
        let offered = try await offer(["status", "--set", "auth.ldap.b"], runtime: "/nowhere")
        #expect(offered.words == ["auth.ldap.base=", "auth.ldap.bind_dn=", "auth.ldap.bind_password_file="])
    }

    @Test func `without a service nothing is offered, and nothing said`() async throws {
        for words in [
            ["stop", ""], ["start", "--host", ""], ["job", "show", ""], ["stop", "--config", "/nowhere.yaml", ""],
        ] {
            let offered = try await offer(words, runtime: "/nowhere")
            #expect(offered.words == [] && offered.says == "", "\(words): \(offered)")
        }
    }

    @Test func `a Redis that does not answer keeps nobody waiting`() async throws {
        // The kernel takes the connection, and nobody reads from it.
        let listener = try TCPListener(host: "127.0.0.1", port: 0)
        let start = ContinuousClock.now
        let offered = try await offer(
            ["stop", "--set", "redis.url=redis://127.0.0.1:\(listener.port)", ""], runtime: "/nowhere")
        #expect(offered.words == [] && offered.says == "", "\(offered)")
        #expect(ContinuousClock.now - start < .seconds(5), "one second, and two starts of the program")
        withExtendedLifetime(listener) {}
    }
}
