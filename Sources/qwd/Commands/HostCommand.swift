import ArgumentParser
import Domain
import Foundation
import Queue
import Settings

/// Looks at hosts, and takes them out of service.
struct HostCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "host", abstract: "Show hosts, take them out of service and back.",
        subcommands: [List.self, Drain.self, Undrain.self, Forget.self, Strays.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show hosts.")
        @OptionGroup var common: CommonOptions
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let settings = try common.settings()
            let hosts = try await Connection.withQueue(settings) { queue in
                try await queue.hosts(lease: settings.scheduler.lease)
            }
            if json { try Console.printJSON(hosts.map(HostReport.init)) } else { HostReport.table(hosts).print() }
        }
    }

    struct Drain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a host take no new sessions.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Its name or id.", completion: Completions.hosts) var host: String

        func run() async throws { try await drain(host, true, common) }
    }

    struct Undrain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a host take new sessions again.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Its name or id.", completion: Completions.hosts) var host: String

        func run() async throws { try await drain(host, false, common) }
    }
}

extension HostCommand {
    struct Forget: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give up a host that does not come back.",
            discussion: "Its sessions end as lost. Should it come back all the same, their machines are ended there.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Its name or id.", completion: Completions.hosts) var host: String

        func run() async throws {
            let settings = try common.settings()
            let ended = try await Connection.withQueue(settings) { queue in
                let found = try await queue.host(called: host, lease: settings.scheduler.lease)
                let ended = try await queue.forget(host: found, lease: settings.scheduler.lease)
                if ended != nil {
                    try await queue.note(
                        .admin, who: PersonName.ofCommandLine.text, from: "command line", what: "",
                        detail: "gave up the host \(host)")
                }
                return ended
            }
            guard let ended else { throw Failure.unknown(host: host) }
            Console.say("qwd: \(host) is forgotten; sessions that ended by that: \(ended)")
        }
    }
}

private func drain(_ host: String, _ draining: Bool, _ common: CommonOptions) async throws {
    let settings = try common.settings()
    let known = try await Connection.withQueue(settings) { queue in
        try await queue.drain(queue.host(called: host, lease: settings.scheduler.lease), draining)
    }
    guard known else { throw Failure.unknown(host: host) }
}

extension JobQueue {
    /// The id of the host that an administrator means by its name or its id.
    fileprivate func host(called name: String, lease: Duration) async throws -> String {
        let found = try await hosts(lease: lease).filter { $0.name == name || $0.id == name }
        switch found.count {
        case 0: throw Failure.unknown(host: name)
        case 1: return found[0].id
        default:
            throw Failure(
                .failed,
                "\(found.count) hosts are called \(name). Take the id of the one that you mean: "
                    + found.map { "\($0.id) (\($0.alive ? "alive" : "silent"))" }.joined(separator: ", "))
        }
    }
}

extension Failure {
    fileprivate static func unknown(host: String) -> Failure {
        Failure(.failed, "There is no host \(host). 'qwd host list' shows them.")
    }
}
