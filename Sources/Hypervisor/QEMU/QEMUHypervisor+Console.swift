import Catalogue
import Domain
import Machines
import Processes
import Synchronization

extension QEMUHypervisor {
    /// How long after its start a BIOS may find nothing to start from.
    private var firstMinute: Duration { .seconds(kind == .kvm ? 60 : 180) }
    /// Between two writings of the log.
    private static let pause = Duration.seconds(1)
    /// SeaBIOS' words when it has given up.
    private static let nothingToStart = "No bootable device."

    /// Keeps the last lines of a machine's console, and tells what they mean, as long as it lives.
    func followConsole(_ machine: LiveMachine) async {
        // A machine of an earlier version has none.
        guard let socket = try? UnixSocket.connect(to: machine.paths.console) else { return }
        let log = machine.console
        let (changes, changed) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await _ in changes {
                    log.write()
                    // Once a second is often enough for readers, however much a guest writes.
                    try? await Task.sleep(for: Self.pause)
                }
                log.write()
            }
            await read(socket, of: machine, into: log, changed: changed)
            changed.finish()
        }
    }

    private func read(
        _ socket: Descriptor, of machine: LiveMachine, into log: ConsoleLog, changed: AsyncStream<Void>.Continuation
    ) async {
        let start = ContinuousClock.now
        var wanted: String?
        if case .serial(let text)? = Readiness(waitedFor: machine.paths) { wanted = text }
        while true {
            let piece = await socket.nextBytes()
            if piece.isEmpty { return }
            let since = log.append(piece)
            changed.yield()
            if log.has(Self.nothingToStart, since: since), ContinuousClock.now - start < firstMinute {
                log.write()
                ended(
                    machine, .failed,
                    "Its disk has nothing that this machine can start from. The administrator may give it another firmware "
                        + "or disk_bus in machines.conf.")
            }
            if let text = wanted, log.has(text, since: since) {
                wanted = nil
                isReady(machine)
            }
            // A guest that writes without end waits for us, and not we for it.
            if piece.count == 65_536 { try? await Task.sleep(for: .milliseconds(50)) }
        }
    }
}

/// A console's end in memory, and on the session's disk for whoever asks.
final class ConsoleLog: Sendable {
    private let text: Mutex<ConsoleText>
    private let path: String

    init(_ paths: SessionPaths) {
        path = paths.consoleLog
        text = Mutex(ConsoleText(Array((Files.read(path) ?? "").utf8)))
    }

    /// - Returns: Where the piece begins.
    func append(_ piece: [UInt8]) -> Int {
        text.withLock { text in
            defer { text.append(piece) }
            return text.end
        }
    }

    func has(_ words: String, since start: Int) -> Bool { text.withLock { $0.has(words, since: start) } }

    /// The last lines, as one for a person; empty if there are none.
    func lastLines(_ count: Int) -> String { text.withLock { $0.lastLines(count) } }

    func write() {
        let kept = text.withLock { String(decoding: $0.kept, as: UTF8.self) }
        // The directory goes with the session; nobody misses the log of one that is over.
        try? Files.write(kept, to: path)
    }
}
