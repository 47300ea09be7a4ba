import Foundation
import Glibc
@testable import Hypervisor
import Logging
import Testing

private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

private enum QEMU {
    static let program = "/usr/bin/qemu-system-x86_64"
    static var isInstalled: Bool { access(program, X_OK) == 0 }
}

/// A program that behaves as QEMU does with the probe guest, and counts how often it is asked.
private final class FakeQEMU {
    let directory: String
    var program: String { "\(directory)/qemu" }
    var cache: String { "\(directory)/accelerator.json" }
    var bootID: String { "\(directory)/boot_id" }

    /// - Parameter guest: What the shell does instead of running the guest.
    init(version: String = "9.9.9 (fake)", guest: String) throws {
        directory = "/tmp/accelerator-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        try write("5ca1ab1e\n", to: bootID)
        try install(version: version, guest: guest)
    }

    deinit {
        // A directory in /tmp that stays is no failure of the test.
        try? FileManager.default.removeItem(atPath: directory)
    }

    func install(version: String = "9.9.9 (fake)", guest: String) throws {
        try write(
            """
            #!/bin/sh
            if [ "$1" = --version ]; then
                echo "QEMU emulator version \(version)"
                echo "Copyright (c) 2003-2022 Fabrice Bellard and the QEMU Project developers"
                exit 0
            fi
            echo "$@" >> \(directory)/runs
            echo $$ > \(directory)/pid
            \(guest)
            """, to: program)
        chmod(program, 0o755)
    }

    func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// The arguments of each run of the guest.
    var runs: [String] {
        // No file: no run.
        ((try? String(contentsOfFile: "\(directory)/runs", encoding: .utf8)) ?? "").split(separator: "\n").map(
            String.init)
    }

    var isRunning: Bool {
        guard let text = try? String(contentsOfFile: "\(directory)/pid", encoding: .utf8),
            let pid = pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines))
        else { return false }
        return kill(pid, 0) == 0
    }

    /// `/dev/null` stands for a KVM device that may be opened.
    func probe(device: String = "/dev/null", deadline: Duration = .seconds(30)) -> AcceleratorProbe {
        AcceleratorProbe(
            qemu: program, cache: cache, logger: silent, device: device, bootIDFile: bootID, deadline: deadline)
    }
}

@Suite(.timeLimit(.minutes(1))) struct AcceleratorTests {
    @Test func `QEMU is asked and tried without our environment, in which there may be a password`() async throws {
        setenv("QWDTEST_SECRET_TOKEN", "sesame", 1)
        defer { unsetenv("QWDTEST_SECRET_TOKEN") }
        let dump = "$(env >> ${0%/*}/environment; echo)"
        let qemu = try FakeQEMU(version: "9.9.9\(dump)", guest: "env >> ${0%/*}/environment; exit 99")
        #expect(try await qemu.probe().run(.auto).accelerator == .kvm)
        let environment = try String(contentsOfFile: "\(qemu.directory)/environment", encoding: .utf8)
        #expect(environment.split(separator: "\n").count { $0.hasPrefix("PATH=") } == 2, "\(environment)")
        #expect(!environment.contains("sesame"))
    }

    @Test func `KVM that runs the guest is taken`() async throws {
        let qemu = try FakeQEMU(guest: "exit 99")
        let report = try await qemu.probe().run(.auto)
        #expect(report.accelerator == .kvm)
        #expect(report.bootID == "5ca1ab1e")
        #expect(report.qemuVersion == "9.9.9 (fake)")
        #expect(qemu.runs.count == 1)
        #expect(qemu.runs.first?.hasPrefix("-accel kvm -cpu host -machine pc ") == true)
    }

    @Test(arguments: [
        ("exit 0", "a guest crashes under KVM"),
        (
            "echo 'error: failed to set MSR 0x10a' >&2; echo >&2; kill -ABRT $$",
            "QEMU ends under KVM: error: failed to set MSR 0x10a"
        ),
        ("exit 1", "QEMU ends under KVM: exited(1)"),
        (
            "printf 'KVM internal error. Suberror: 1\\r\\nEAX=0\\n' >&2; exec sleep 600",
            "KVM can't execute a guest: KVM internal error. Suberror: 1"
        ),
    ])
    func `KVM that fails the guest is not taken and the reason says how`(guest: String, reason: String) async throws {
        let qemu = try FakeQEMU(guest: guest)
        let report = try await qemu.probe().run(.auto)
        #expect(report.accelerator == .tcg)
        #expect(report.reason == reason)
        #expect(!qemu.isRunning)
    }

    @Test func `a guest that hangs is ended at the deadline`() async throws {
        let qemu = try FakeQEMU(guest: "exec sleep 600")
        let report = try await qemu.probe(deadline: .seconds(1)).run(.auto)
        #expect(report.accelerator == .tcg)
        #expect(report.reason.contains("not through after 1.0 seconds"))
        #expect(!qemu.isRunning)
    }

    @Test func `without the device no guest runs`() async throws {
        let qemu = try FakeQEMU(guest: "exit 99")
        let report = try await qemu.probe(device: "/nonexistent/kvm").run(.auto)
        #expect(report.accelerator == .tcg)
        #expect(report.reason.contains("there is no /nonexistent/kvm"))
        #expect(qemu.runs.isEmpty)
    }

    @Test(arguments: [(ENOENT, "there is no"), (ENODEV, "there is no"), (EACCES, "group kvm"), (EIO, "Input/output")])
    func `what keeps the device shut is told`(error: CInt, words: String) {
        #expect(AcceleratorProbe.blocker(device: "/dev/kvm", error: error).contains(words))
    }

    @Test func `TCG needs no probe`() async throws {
        let qemu = try FakeQEMU(guest: "exit 99")
        let report = try await qemu.probe().run(.tcg)
        #expect(report.accelerator == .tcg)
        #expect(qemu.runs.isEmpty)
    }

    @Test func `KVM that is demanded and fails is an error with the way out`() async throws {
        let qemu = try FakeQEMU(guest: "exit 0")
        let error = try await #require(throws: AcceleratorError.self) { try await qemu.probe().run(.kvm) }
        #expect(error.code == .noKVM)
        #expect(error.detail.contains("a guest crashes under KVM"))
        #expect(error.detail.contains("worker.accelerator"))
    }

    @Test func `a missing QEMU is told with the package that has it`() async throws {
        let probe = AcceleratorProbe(qemu: "/nonexistent/qemu", cache: "/nonexistent/cache", logger: silent)
        let error = try await #require(throws: AcceleratorError.self) { try await probe.run(.tcg) }
        #expect(error.code == .missingProgram)
        #expect(error.detail.contains("apt-get install"))
    }

    @Test func `a program that is no QEMU is told`() async throws {
        let probe = AcceleratorProbe(qemu: "/bin/true", cache: "/nonexistent/cache", logger: silent)
        let error = try await #require(throws: AcceleratorError.self) { try await probe.run(.auto) }
        #expect(error.code == .system)
    }

    @Test func `a cancelled probe ends the guest and remembers nothing`() async throws {
        let qemu = try FakeQEMU(guest: "")
        let started = "\(qemu.directory)/started"
        try #require(mkfifo(started, 0o600) == 0)
        let fifo = open(started, O_RDONLY | O_NONBLOCK)
        defer { close(fifo) }
        try qemu.install(guest: "echo > \(started); exec sleep 600")
        let probe = qemu.probe(deadline: .seconds(3600))
        let running = Task { try await probe.run(.auto) }
        let guestRuns = await withCheckedContinuation { waited in
            DispatchQueue.global().async {
                var poller = pollfd(fd: fifo, events: Int16(POLLIN), revents: 0)
                waited.resume(returning: poll(&poller, 1, 30_000) == 1)
            }
        }
        #expect(guestRuns)
        running.cancel()
        let error = try await #require(throws: AcceleratorError.self) { try await running.value }
        #expect(error.code == .cancelled)
        #expect(!qemu.isRunning)
        #expect(!FileManager.default.fileExists(atPath: qemu.cache))
    }

    // MARK: The cache

    @Test(arguments: ["exit 99", "exit 0"])
    func `the guest runs once for each boot and version`(guest: String) async throws {
        let qemu = try FakeQEMU(guest: guest)
        let first = try await qemu.probe().run(.auto)
        let second = try await qemu.probe().run(.auto)
        #expect(first == second)
        #expect(qemu.runs.count == 1)

        try qemu.write("ba5eba11\n", to: qemu.bootID)
        let afterBoot = try await qemu.probe().run(.auto)
        #expect(afterBoot.bootID == "ba5eba11")
        #expect(qemu.runs.count == 2)

        try qemu.install(version: "10.0.0", guest: guest)
        let afterUpgrade = try await qemu.probe().run(.auto)
        #expect(afterUpgrade.qemuVersion == "10.0.0")
        #expect(qemu.runs.count == 3)
    }

    @Test func `a demand for KVM trusts a remembered success and not a remembered failure`() async throws {
        let qemu = try FakeQEMU(guest: "exit 0")
        _ = try await qemu.probe().run(.auto)
        try qemu.install(guest: "exit 99")
        let repaired = try await qemu.probe().run(.kvm)
        #expect(repaired.accelerator == .kvm)
        #expect(qemu.runs.count == 2)
        _ = try await qemu.probe().run(.kvm)
        let automatic = try await qemu.probe().run(.auto)
        #expect(automatic.accelerator == .kvm)
        #expect(qemu.runs.count == 2)
    }

    @Test func `a cache that can't be read or written costs only a new run`() async throws {
        let qemu = try FakeQEMU(guest: "exit 99")
        try qemu.write("{", to: qemu.cache)
        let report = try await qemu.probe().run(.auto)
        #expect(report.accelerator == .kvm)

        let probe = AcceleratorProbe(
            qemu: qemu.program, cache: "/nonexistent/cache.json", logger: silent, device: "/dev/null",
            bootIDFile: qemu.bootID)
        let uncached = try await probe.run(.auto)
        #expect(uncached.accelerator == .kvm)
        #expect(qemu.runs.count == 2)
    }
}

@Suite(.enabled(if: QEMU.isInstalled, "qemu-system-x86_64 isn't installed"), .timeLimit(.minutes(2)))
struct AcceleratorQEMUTests {
    @Test func `the guest itself is right: it runs under TCG`() async throws {
        let run = ProbeRun(qemu: QEMU.program, acceleration: ProbeRun.tcg, deadline: .seconds(60))
        let outcome = try await run.outcome()
        #expect(outcome == .passed)
    }

    @Test func `the guest notices a processor without long mode`() async throws {
        let run = ProbeRun(
            qemu: QEMU.program, acceleration: ["-accel", "tcg", "-cpu", "qemu32"], deadline: .seconds(60))
        let outcome = try await run.outcome()
        #expect(outcome == .crashed)
    }

    @Test func `a QEMU that refuses its arguments has its words in the outcome`() async throws {
        let run = ProbeRun(qemu: QEMU.program, acceleration: ["-accel", "none-such"], deadline: .seconds(60))
        guard case .aborted(let words) = try await run.outcome() else {
            Issue.record("QEMU took an accelerator that there is not")
            return
        }
        #expect(words.contains("none-such"))
    }

    @Test func `what is found on this host holds when KVM is demanded`() async throws {
        let directory = "/tmp/accelerator-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let probe = AcceleratorProbe(qemu: QEMU.program, cache: "\(directory)/cache.json", logger: silent)
        let report = try await probe.run(.auto)
        #expect(!report.qemuVersion.isEmpty)
        #expect(!report.reason.isEmpty)
        print("accelerator here: \(report.accelerator), \(report.reason)")
        switch report.accelerator {
        case .kvm:
            let demanded = try await probe.run(.kvm)
            #expect(demanded.accelerator == .kvm)
        case .tcg:
            let error = try await #require(throws: AcceleratorError.self) { try await probe.run(.kvm) }
            #expect(error.code == .noKVM)
        }
    }
}
