import Domain
import Glibc
import Processes
import Subprocess
import SystemPackage

/// One run of the probe guest.
struct ProbeRun {
    enum Outcome: Sendable, Equatable {
        /// The guest came to its end.
        case passed
        /// The guest met a fault that it must not meet.
        case crashed
        /// QEMU ended by itself; its last words.
        case aborted(String)
        /// KVM can't go on with the guest; its words. QEMU would stay, paused.
        case stopped(String)
        /// The guest wasn't through in time.
        case hung
    }

    private enum Observation: Sendable {
        case end(lastWords: String)
        case kvmError(String)
        case deadline
    }

    static let kvm = ["-accel", "kvm", "-cpu", "host"]
    static let tcg = ["-accel", "tcg,thread=multi", "-cpu", "max"]

    /// Path of the program.
    var qemu: String
    var acceleration: [String]
    var deadline: Duration

    /// Runs the guest. When it returns or throws, QEMU is gone.
    func outcome() async throws(AcceleratorError) -> Outcome {
        let disk = try Self.disk()
        do {
            let run = try await Subprocess.run(
                .path(FilePath(qemu)), arguments: Arguments(arguments), environment: .forPrograms,
                input: .fileDescriptor(disk, closeAfterSpawningProcess: true), output: .discarded, error: .sequence
            ) { qemu in
                try await watch(qemu)
            }
            // A cancellation ends the wait like the deadline does, but says nothing of the host.
            guard !Task.isCancelled else { throw CancellationError() }
            switch run.closureResult {
            case .deadline: return .hung
            case .kvmError(let words): return .stopped(words)
            case .end(let words): return Self.outcome(of: run.terminationStatus, lastWords: words)
            }
        } catch  where Task.isCancelled {
            throw AcceleratorError(.cancelled, "the probe of the accelerator was cancelled", cause: error)
        } catch {
            throw AcceleratorError(.system, "\(qemu) can't be run: \(error)", cause: error)
        }
    }

    /// The machine type of the sessions, without what a session has besides; the disk is descriptor 0.
    private var arguments: [String] {
        acceleration + [
            "-machine", "pc", "-m", "64M", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
            "-drive", "file=/dev/fd/0,format=raw,if=none,id=probe,readonly=on",
            "-device", "virtio-blk-pci,drive=probe,bootindex=0",
        ]
    }

    /// Waits for QEMU's end, or ends it. Its standard error lasts as long as QEMU does.
    private func watch(_ qemu: Execution<FileDescriptorInput, DiscardedOutput, SequenceOutput>) async throws
        -> Observation
    {
        try await withThrowingTaskGroup(of: Observation.self) { group in
            group.addTask {
                var lastWords = ""
                for try await line in qemu.standardError.strings() {
                    let line = line.trimmed
                    // A dump of the registers follows; nothing else will.
                    if line.hasPrefix("KVM internal error") { return .kvmError(line) }
                    if !line.isEmpty { lastWords = line }
                }
                return .end(lastWords: lastWords)
            }
            group.addTask {
                // Ended early by the end of QEMU, or by a cancellation, which the caller tells apart.
                try? await Task.sleep(for: deadline)
                return .deadline
            }
            defer { group.cancelAll() }
            let sight = try await group.next() ?? .deadline
            // By its handle, and before the group waits for its other task: that reads until QEMU is gone.
            // It fails only where QEMU has ended already.
            try? qemu.send(signal: .kill)
            return sight
        }
    }

    private static func outcome(of status: TerminationStatus, lastWords: String) -> Outcome {
        switch status {
        case .exited(ProbeGuest.success): .passed
        case .exited(0): .crashed
        case .exited, .signaled: .aborted(lastWords.isEmpty ? "\(status)" : lastWords)
        }
    }

    /// A disk with the guest, in memory: there is no file to forget, and none that a full or read-only disk refuses.
    private static func disk() throws(AcceleratorError) -> FileDescriptor {
        do throws(ProcessError) {
            let file = try Descriptor.memory(ProbeGuest.bootSector)
            guard ftruncate(file.number, off_t(ProbeGuest.diskSize)) == 0 else {
                throw ProcessError(.system, "Can't make a file in memory: \(String(cString: strerror(errno)))")
            }
            return FileDescriptor(rawValue: file.take())
        } catch {
            throw AcceleratorError(.system, "no disk for the probe guest: \(error)", cause: error)
        }
    }
}
