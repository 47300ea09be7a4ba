import ArgumentParser
import Catalogue
import Domain
import Hypervisor
import ImageStore
import Processes
import Queue
import Settings

/// Shows machines, gets and makes them, and changes the catalogue.
struct MachineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "machine", abstract: "Show machines, get and make them, and change the catalogue.",
        subcommands: [
            List.self, Show.self, Verify.self, Refresh.self, Download.self, Add.self, Build.self, Enable.self,
            Disable.self, Edit.self, Remove.self, Purge.self,
        ])

    static func catalogue(_ settings: Settings) -> Catalogue {
        Catalogue.load(files: settings.machines.catalogue, directory: settings.machines.directory)
    }

    /// The machine of a name, or why there is none.
    static func machine(_ name: String, _ settings: Settings) throws -> Machine {
        let catalogue = catalogue(settings)
        if let machine = catalogue.machine(named: name) { return machine }
        if let problem = catalogue.problem(of: name) { throw Failure(.failed, problem) }
        let known = catalogue.machines.map(\.name).joined(separator: ", ")
        throw Failure(.failed, "There is no machine \(name). There is: \(known.isEmpty ? "none yet" : known).")
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the machines that this host's catalogue offers.")
        @OptionGroup var common: CommonOptions
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let settings = try common.settings()
            let catalogue = MachineCommand.catalogue(settings)
            for warning in catalogue.warnings { Console.say("qwd: \(warning)") }
            for file in catalogue.leftovers {
                Console.say("qwd: no section of the catalogue names \(settings.machines.directory)/\(file)")
            }
            if json {
                try Console.printJSON(catalogue.machines.map(\.published))
                return
            }
            Table(
                headings: ["MACHINE", "KIND", "ARCH", "FIRMWARE", "TITLE", "FILE"],
                rows: catalogue.machines.map {
                    [
                        $0.name, $0.kind.rawValue, $0.hardware.architecture.rawValue, $0.hardware.firmware.rawValue,
                        $0.title, $0.path,
                    ]
                }
            ).print()
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what a machine is made of, and why.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Name of the machine.", completion: Completions.machines) var name: String

        func run() async throws {
            let machine = try MachineCommand.machine(name, try common.settings())
            let size = machine.virtualSizeBytes >> 20
            var facts = [
                ["title", machine.title, ""], ["description", machine.description, ""], ["file", machine.path, ""],
                ["format", machine.kind == .iso ? "iso" : machine.format.rawValue, "its bytes say so"],
                ["size", size >= 4096 ? "\(size >> 10) GiB" : "\(size) MiB", ""],
            ]
            facts += machine.parts.map { [$0.key, $0.value, $0.reason] }
            func add(_ key: String, _ value: String?) {
                if let value { facts.append([key, value, "the catalogue says so"]) }
            }
            add("cpu", machine.cpu.map { "\($0)" })
            add("cpu_max", machine.cpuMax.map { "\($0)" })
            add("memory", machine.memoryMiB.map { "\($0) MiB" })
            add("memory_max", machine.memoryMaxMiB.map { "\($0) MiB" })
            add("disk", machine.diskGiB.map { "\($0) GiB" })
            add("gpu", machine.gpu.map { "\($0)" })
            add("mounts", machine.mounts.map { $0.isEmpty ? "none" : $0.joined(separator: ", ") })
            add("disk2", machine.disk2?.path)
            for cdrom in machine.cdroms { add("cdrom", cdrom.path) }
            if !machine.users.isEmpty { add("users", machine.users.map(\.text).joined(separator: ", ")) }
            if !machine.groups.isEmpty { add("groups", machine.groups.joined(separator: ", ")) }
            add("ready", machine.ready?.written)
            add("url", machine.url)
            add("sha256", machine.sha256)
            Table(headings: ["KEY", "VALUE", "BECAUSE"], rows: facts).print()
        }
    }

    struct Refresh: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read the catalogue as hosts do, and name every error.",
            discussion: "Hosts read it by themselves with each heartbeat; nothing has to be restarted.")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let catalogue = MachineCommand.catalogue(try common.settings())
            for warning in catalogue.warnings { Console.say("qwd: \(warning)") }
            Console.print("\(catalogue.machines.count) machines")
            if !catalogue.warnings.isEmpty {
                let count = catalogue.warnings.count
                throw Failure(.failed, count == 1 ? "One error, named above." : "\(count) errors, named above.")
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Look through a machine's image: its sum, its tables, and the system on it.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Name of the machine; without it, all.", completion: Completions.machines) var name: String?

        func run() async throws {
            let settings = try common.settings()
            let machines =
                try name.map { [try MachineCommand.machine($0, settings)] }
                ?? MachineCommand.catalogue(settings).machines
            var bad = 0
            for machine in machines {
                let findings = await ImageCheck.run(machine)
                for finding in findings {
                    Console.print("\(machine.name): \(finding.isGood ? "good" : "BAD"): \(finding.text)")
                }
                if findings.contains(where: { !$0.isGood }) { bad += 1 }
            }
            if bad > 0 { throw Failure(.failed, "\(bad) of \(machines.count) machines are not as they should be.") }
        }
    }
}
