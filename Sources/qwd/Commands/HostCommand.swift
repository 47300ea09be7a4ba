import ArgumentParser
import Queue
import Settings

/// Looks at hosts, and takes them out of service.
struct HostCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "host", abstract: "Show hosts, take them out of service and back.",
        subcommands: [List.self, Drain.self, Undrain.self])

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
        @Argument var host: String

        func run() async throws { try await drain(host, true, common) }
    }

    struct Undrain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a host take new sessions again.")
        @OptionGroup var common: CommonOptions
        @Argument var host: String

        func run() async throws { try await drain(host, false, common) }
    }
}

private func drain(_ host: String, _ draining: Bool, _ common: CommonOptions) async throws {
    let known = try await Connection.withQueue(try common.settings()) { try await $0.drain(host, draining) }
    guard known else { throw Failure(.failed, "There is no host \(host). 'qwd host list' shows them.") }
}
