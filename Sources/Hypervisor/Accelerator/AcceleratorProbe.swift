import FoundationEssentials
import Glibc
package import Logging
import Processes
import Subprocess
import SystemPackage

/// Finds out whether KVM really runs guests on this host.
///
/// Opening the device, or asking QEMU, is not enough: where virtualisation is nested or para-virtual everything may say
/// yes until a guest runs. So a small guest runs, once for each boot of the host and version of QEMU.
package struct AcceleratorProbe: Sendable {
    private let qemu: String
    private let cache: String
    private let logger: Logger
    private let device: String
    private let bootIDFile: String
    private let deadline: Duration

    /// - Parameters:
    ///   - qemu: Name or path of the program.
    ///   - cache: File that remembers the last run of the guest. Removing it makes the next call run it again.
    ///   - deadline: For the guest, which takes well under a second on a host that is fit for machines.
    package init(
        qemu: String = "qemu-system-x86_64", cache: String, logger: Logger, device: String = "/dev/kvm",
        bootIDFile: String = "/proc/sys/kernel/random/boot_id", deadline: Duration = .seconds(5)
    ) {
        self.qemu = qemu
        self.cache = cache
        self.logger = logger
        self.device = device
        self.bootIDFile = bootIDFile
        self.deadline = deadline
    }

    /// The accelerator to use.
    /// - Throws: `.noKVM` if KVM is demanded and doesn't run guests, `.missingProgram` without QEMU.
    package func run(_ wanted: AcceleratorChoice) async throws(AcceleratorError) -> AcceleratorReport {
        guard let program = Programs.find(qemu) else {
            throw AcceleratorError(
                .missingProgram, "\(qemu) is not installed. Install it: apt-get install qemu-system-x86")
        }
        var report = AcceleratorReport(
            accelerator: .tcg, reason: "the configuration says so", bootID: bootID,
            qemuVersion: try await version(of: program))
        switch wanted {
        case .tcg:
            return report
        case .auto:
            try await examine(&report, program: program, acceptRefusal: true)
            return report
        case .kvm:
            // The administrator may have repaired it since the guest failed.
            try await examine(&report, program: program, acceptRefusal: false)
            guard report.accelerator == .kvm else {
                throw AcceleratorError(
                    .noKVM,
                    "KVM is demanded and can't be used: \(report.reason). Repair it, or set worker.accelerator to auto "
                        + "(machines then run on TCG, slowly)")
            }
            return report
        }
    }

    /// Asks the device, then the cache, then the guest.
    /// - Parameter acceptRefusal: Whether a remembered "no" counts.
    private func examine(
        _ report: inout AcceleratorReport, program: String, acceptRefusal: Bool
    ) async throws(AcceleratorError) {
        // Never cached: it is cheap, and an administrator's repair counts at once.
        if let blocker = blocker() {
            report.reason = blocker
            return
        }
        if let known = remembered(for: report), known.accelerator == .kvm || acceptRefusal {
            report = known
            return
        }
        let outcome = try await ProbeRun(qemu: program, acceleration: ProbeRun.kvm, deadline: deadline).outcome()
        report.accelerator = outcome == .passed ? .kvm : .tcg
        report.reason = words(for: outcome)
        logger.notice(
            "accelerator probed",
            metadata: ["host.accelerator": "\(report.accelerator)", "reason": "\(report.reason)"])
        remember(report)
    }

    private func words(for outcome: ProbeRun.Outcome) -> String {
        switch outcome {
        case .passed: "KVM runs guests"
        case .crashed: "a guest crashes under KVM"
        case .aborted(let words): "QEMU ends under KVM: \(words)"
        case .stopped(let words): "KVM can't execute a guest: \(words)"
        case .hung: "a guest under KVM was not through after \(deadline)"
        }
    }

    // MARK: The device

    private func blocker() -> String? {
        let descriptor = open(device, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return Self.blocker(device: device, error: errno) }
        close(descriptor)
        return nil
    }

    static func blocker(device: String, error: CInt) -> String {
        switch error {
        case ENOENT, ENODEV, ENXIO:
            "there is no \(device) (virtualisation is off in the firmware, the outer hypervisor gives none, "
                + "or the module kvm_intel or kvm_amd is not loaded)"
        case EACCES, EPERM:
            "no permission for \(device) (the user that runs qwd must be in the group kvm)"
        default:
            "\(device) can't be opened: \(String(cString: strerror(error)))"
        }
    }

    // MARK: The cache

    private func remembered(for report: AcceleratorReport) -> AcceleratorReport? {
        guard !report.bootID.isEmpty, let text = Files.read(cache) else { return nil }
        // A file that can't be read as a report is as good as none: the guest runs again.
        guard let known = try? JSONDecoder().decode(AcceleratorReport.self, from: Data(text.utf8)) else { return nil }
        return known.bootID == report.bootID && known.qemuVersion == report.qemuVersion ? known : nil
    }

    private func remember(_ report: AcceleratorReport) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try Files.write(String(decoding: try encoder.encode(report), as: UTF8.self) + "\n", to: cache)
        } catch {
            logger.warning(
                "the accelerator can't be remembered, each start probes again", metadata: ["error": "\(error)"])
        }
    }

    private var bootID: String {
        (Files.read(bootIDFile) ?? "").filter { !$0.isWhitespace }
    }

    // MARK: The version

    private func version(of program: String) async throws(AcceleratorError) -> String {
        let output: String
        do {
            output = try await Subprocess.run(
                .path(FilePath(program)), arguments: ["--version"], environment: .forPrograms, input: .none,
                output: .string(limit: 1 << 16), error: .combinedWithOutput
            ).standardOutput
        } catch {
            throw AcceleratorError(
                Task.isCancelled ? .cancelled : .system, "\(program) can't be run: \(error)", cause: error)
        }
        // "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)", then the copyright.
        let line = output.prefix { $0 != "\n" }
        guard let word = line.firstRange(of: "version ") else {
            throw AcceleratorError(.system, "\(program) does not tell its version, it says: \(line)")
        }
        return String(line[word.upperBound...])
    }
}
