import ArgumentParser
import Catalogue
import Domain
import Foundation
import Hypervisor
import Machines
import Processes
import Queue
import Settings

/// The commands that change the catalogue, and remove.
extension MachineCommand {
    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Offer a machine: one that was disabled, or a file of this host.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Name of a machine, or a file; an address is for qwd machine add.") var name: String
        @Argument(help: "One line for people.") var description: String?

        func run() async throws {
            let settings = try common.settings()
            if name.contains("://") { throw Failure(.usage, "Get it first: qwd machine add \(name)") }
            let edits = CatalogueEdits(settings)
            let isPath = name.contains("/")
            let machine = isPath ? name.split(separator: "/").last.map(String.init) ?? name : name
            if !isPath, try edits.change({ try $0.enable(name) }) { return try CatalogueEdits.tell(name, settings) }
            let path = isPath ? URL(filePath: name).standardizedFileURL.path : "\(settings.machines.directory)/\(name)"
            guard Files.exists(path) else {
                throw Failure(.failed, "There is no disabled section [\(machine)], and no file \(path).")
            }
            guard Machine.isValid(name: machine) else {
                throw Failure(
                    .usage,
                    "“\(machine)” can't be the name of a machine. Write a section of another name with path=\(path) in it."
                )
            }
            var values = description.map { [(key: "description", value: $0)] } ?? []
            if path != "\(settings.machines.directory)/\(machine)" { values.append((key: "path", value: path)) }
            try edits.offer(machine, values)
            try CatalogueEdits.tell(machine, settings)
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Offer a machine no more. Its file and its section stay, and so do desktops that run.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Name of the machine.") var name: String

        func run() async throws {
            if try CatalogueEdits(try common.settings()).change({ try $0.disable(name) }) { return }
            throw Failure(.failed, "No section of the catalogue is called \(name).")
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a machine: its section and its file in the machines directory.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Name of the machine.") var name: String
        @Flag(help: "Do not ask.") var yes = false

        func run() async throws {
            let settings = try common.settings()
            let section = SectionSummary.all(files: settings.machines.catalogue, directory: settings.machines.directory)
                .first { $0.name == name }
            let path = section?.path ?? "\(settings.machines.directory)/\(name)"
            guard section != nil || Machine.isValid(name: name) && Files.exists(path) else {
                throw Failure(.failed, "There is no machine \(name).")
            }
            let use = try await CatalogueEdits(settings).use()
            if let why = use.why(name: name, path: path) { throw Failure(.failed, "\(name) stays: \(why)") }
            let isOurs = path.hasPrefix(settings.machines.directory + "/")
            let what = isOurs && Files.exists(path) ? "[\(name)] and \(path)" : "[\(name)]"
            guard yes || CatalogueEdits.confirm("Remove \(what)?") else {
                throw Failure(.failed, "Nothing was removed.")
            }
            _ = try CatalogueEdits(settings).change { try $0.remove(name) }
            if isOurs, unlink(path) != 0, errno != ENOENT {
                throw Failure(.failed, "Can't remove \(path): \(String(cString: strerror(errno)))")
            }
        }
    }

    struct Purge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove the files in the machines directory that no machine uses.")
        @OptionGroup var common: CommonOptions
        @Flag(help: "Do not ask.") var yes = false

        func run() async throws {
            let settings = try common.settings()
            let directory = settings.machines.directory
            let sections = SectionSummary.all(files: settings.machines.catalogue, directory: directory)
            let named = Set(sections.flatMap(\.paths))
            let use = try await CatalogueEdits(settings).use()
            var files = MachineCommand.catalogue(settings).leftovers.map(\.name)
                .filter {
                    !named.contains("\(directory)/\($0)") && use.why(name: $0, path: "\(directory)/\($0)") == nil
                }
            // Downloads that were broken off and are not going on.
            files += Files.names(in: directory).filter { $0.hasPrefix(".download-") }
            if files.isEmpty { return Console.print("Nothing to remove.") }
            for file in files { Console.print("\(directory)/\(file)") }
            guard yes || CatalogueEdits.confirm("Remove these \(files.count) files?") else {
                throw Failure(.failed, "Nothing was removed.")
            }
            for file in files where unlink("\(directory)/\(file)") != 0 && errno != ENOENT {
                throw Failure(.failed, "Can't remove \(directory)/\(file): \(String(cString: strerror(errno)))")
            }
        }
    }

    struct Edit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Edit the catalogue with $EDITOR. What has an error is shown before it is kept.")
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.settings()
            let file = CatalogueEdits(settings).newest
            let draft = "\(file).draft"
            let before = Files.read(file) ?? ""
            if !Files.exists(draft) { try Files.write(before, to: draft) }
            try CatalogueEdits.openEditor(draft)
            guard (Files.read(file) ?? "") == before else {
                throw Failure(.failed, "Somebody else has changed \(file) meanwhile. Yours is kept: \(draft)")
            }
            let others = settings.machines.catalogue.filter { $0 != file }
            let errors = Catalogue.load(files: others + [draft], directory: settings.machines.directory).warnings
                .filter { $0.file == draft }
            for error in errors { Console.say("qwd: \(error)") }
            if !errors.isEmpty, !CatalogueEdits.confirm("Keep it all the same?") {
                throw Failure(
                    .failed, "Nothing was changed. The draft is kept: \(draft); qwd machine edit opens it again.")
            }
            guard rename(draft, file) == 0 else {
                throw Failure(.failed, "Can't replace \(file): \(String(cString: strerror(errno)))")
            }
            chmod(file, 0o644)
        }
    }
}

/// Changes of the catalogue as a whole, whichever of its files a section is in.
struct CatalogueEdits {
    let settings: Settings

    init(_ settings: Settings) {
        self.settings = settings
    }

    /// Where a new section goes: the last file, which overrides those before.
    var newest: String { settings.machines.catalogue.last ?? "\(settings.machines.directory)/machines.conf" }

    /// Does something to the file that has the section.
    /// - Returns: Whether one has.
    func change(_ body: (CatalogueFile) throws -> CatalogueFile.Change) throws -> Bool {
        for file in settings.machines.catalogue.reversed() where Files.exists(file) {
            do {
                if try body(CatalogueFile(file)) != .missing { return true }
            } catch {
                throw Failure(.failed, "\(error)")
            }
        }
        return false
    }

    func offer(_ name: String, _ values: [(key: String, value: String)]) throws {
        do {
            if try CatalogueFile(newest).add(name, values) == .nothing {
                throw Failure(.failed, "\(newest) has a section [\(name)] already.")
            }
        } catch let error as ProcessError {
            throw Failure(.failed, "\(error)")
        }
    }

    /// Says what has come of a change.
    static func tell(_ name: String, _ settings: Settings) throws {
        let catalogue = MachineCommand.catalogue(settings)
        guard let machine = catalogue.machine(named: name) else {
            throw Failure(.failed, catalogue.problem(of: name) ?? "\(name) is not offered.")
        }
        let parts = ["firmware", "disk_bus", "network_card"].compactMap { key in machine.parts.first { $0.key == key } }
        Console.say("qwd: \(name) is offered: " + parts.map { "\($0.key)=\($0.value)" }.joined(separator: ", "))
    }

    /// What is in use, by sessions of the farm and by machines on this host.
    struct Use {
        var machines: Set<String>
        var files: Set<String>

        func why(name: String, path: String) -> String? {
            if machines.contains(name) { return "a session uses it. See: qwd status" }
            return files.contains(path) ? "a machine on this host runs from it. See: qwd status" : nil
        }
    }

    /// - Throws: Where nobody knows what is in use.
    func use() async throws -> Use {
        let sessions = try await Connection.withQueue(settings) { try await $0.sessions() }
        let paths = HostPaths(runtime: settings.runtimeDir, state: settings.stateDir)
        return Use(
            machines: Set(sessions.filter { $0.state != .ended }.map(\.request.machine)),
            files: QEMUHypervisor.mastersInUse(paths))
    }

    static func confirm(_ question: String) -> Bool {
        guard isatty(STDIN_FILENO) == 1 else {
            Console.say("qwd: \(question) Nobody is there to answer; --yes does.")
            return false
        }
        FileHandle.standardError.write(Data("\(question) [y/N] ".utf8))
        return ["y", "yes"].contains(readLine()?.lowercased())
    }

    /// Opens an editor on the terminal and waits for it.
    static func openEditor(_ file: String) throws {
        let environment = ProcessInfo.processInfo.environment
        // The words of $EDITOR, which may have options; no shell reads them.
        let words = (environment["VISUAL"] ?? environment["EDITOR"] ?? "editor").split(separator: " ").map(String.init)
        guard let name = words.first, let program = Programs.find(name) else {
            throw Failure(
                .failed, "There is no editor \(words.first ?? ""). Set EDITOR, or install one: apt-get install nano")
        }
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = words.dropFirst() + [file]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(.failed, "\(name) ended with \(process.terminationStatus). The draft is kept: \(file)")
        }
    }
}
