import ArgumentParser
import Glibc
import TrafficShaper

/// What a worker puts between a machine and its network where rates are limited. It ends with either of them.
struct TrafficShaperCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "traffic-shaper", abstract: "Keep a machine's network at a rate; workers start it.",
        shouldDisplay: false)

    @Option(help: "Megabits a second, each way.") var megabits: Int
    @Option(help: "Descriptor of the socket where passt is; 0 is the machine.") var helper: Int32

    func run() {
        // It is process 1 of its namespace, which signals without a handler do not reach.
        signal(SIGTERM) { _ in _exit(0) }
        var shaper = TrafficShaper(
            guest: STDIN_FILENO, helper: helper, bytesPerSecond: max(1, megabits) * 1_000_000 / 8)
        shaper.run()
    }
}
