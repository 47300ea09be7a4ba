import ArgumentParser
import Catalogue
import Domain
import ImageBuilder
import Processes
import Queue
import Settings

/// Shows machines and makes them.
struct MachineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "machine", abstract: "Show machines and make them.", subcommands: [List.self, Build.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the machines that this host's catalogue offers.")
        @OptionGroup var common: CommonOptions
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let settings = try common.settings()
            let catalogue = Catalogue.load(files: settings.machines.catalogue, directory: settings.machines.directory)
            for warning in catalogue.warnings { Console.say("qwd: \(warning)") }
            for file in catalogue.leftovers {
                Console.say("qwd: no section of the catalogue names \(settings.machines.directory)/\(file)")
            }
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

    struct Build: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a machine from this host's own apt sources.",
            discussion: "There is a recipe for: \(ImageBuild.names.joined(separator: ", ")).")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Name of the machine.") var name: String

        func run() async throws {
            let settings = try common.settings()
            let directory = settings.machines.directory
            try Files.makeDirectory(directory)
            let output = "\(directory)/\(name).qcow2"
            let build = ImageBuild(name: name, output: output, workDirectory: "\(settings.stateDir)/build")
            let bar = ProgressBar.Drawing()
            do {
                defer { bar.end() }
                try await cancelOnSignal { try await build.run { bar.draw($0) } }
            } catch {
                throw Failure(.failed, "\(error)")
            }
            Console.print(output)
            let catalogue = Catalogue.load(files: settings.machines.catalogue, directory: directory)
            if catalogue.machine(named: "\(name).qcow2") == nil {
                let files = settings.machines.catalogue.joined(separator: " or ")
                Console.say("qwd: to offer it in the form, add it to \(files): [\(name).qcow2]")
            }
        }
    }
}
