import FoundationEssentials
import Processes
import Synchronization

/// How long the desktop of each machine took the last time until it was there on this host, for whoever waits for one.
final class ReadyTimes: Sendable {
    private let file: String
    /// Milliseconds by machine.
    private let times: Mutex<[String: Int]>

    init(file: String) {
        self.file = file
        let known = Files.read(file).flatMap { try? JSONDecoder().decode([String: Int].self, from: Data($0.utf8)) }
        times = Mutex(known ?? [:])
    }

    subscript(machine: String) -> Duration? { times.withLock { $0[machine] }.map { .milliseconds($0) } }

    func note(_ took: Duration, of machine: String) {
        let all = times.withLock { times in
            times[machine] = Int(took / .milliseconds(1))
            return times
        }
        // It would be measured again.
        guard let text = try? JSONEncoder().encode(all) else { return }
        try? Files.write(String(decoding: text, as: UTF8.self), to: file)
    }
}
