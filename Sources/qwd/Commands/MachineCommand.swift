import ArgumentParser
import Domain
import Machines
import Queue
import Settings

/// Shows machines and makes them.
struct MachineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "machine", abstract: "Show machines and make them.", subcommands: [List.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the machines that this host's catalogue offers.")
        @OptionGroup var common: CommonOptions
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let settings = try common.settings()
            let catalogue = Catalogue.load(files: settings.machines.catalogue, directory: settings.machines.directory)
            for warning in catalogue.warnings { Console.say("qwd: \(warning)") }
            if json {
                try Console.printJSON(catalogue.machines.map(\.published))
                return
            }
            Table(
                headings: ["MACHINE", "KIND", "DESCRIPTION", "FILE"],
                rows: catalogue.machines.map { [$0.name, $0.kind.rawValue, $0.description, $0.path] }
            ).print()
        }
    }
}
