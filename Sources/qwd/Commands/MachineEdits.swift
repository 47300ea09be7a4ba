import ArgumentParser
import Catalogue
import Domain
import Foundation
import Hypervisor
import ImageStore
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
        @Argument(
            help: "Name of a machine, or a file; an address is for qwd machine add.",
            completion: Completions.disabledMachines)
        var name: String
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
            do { _ = try DiskImage(file: path, named: path) } catch {
                throw Failure(.failed, "\(path) can't be a machine's: \(error.text)")
            }
            var values = description.map { [(key: "description", value: $0)] } ?? []
            if path != "\(settings.machines.directory)/\(machine)" { values.append((key: "path", value: path)) }
            try edits.offer(machine, values)
            try CatalogueEdits.tell(machine, settings)
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Offer a machine no more. Its file and its section stay, and so do desktops that run.",
            discussion: "A CD in the machines directory can still be started by its name: qwd start.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Name of the machine.", completion: Completions.machines) var name: String

        func run() async throws {
            let edits = CatalogueEdits(try common.settings())
            guard try edits.change(inAll: true, { try $0.disable(name) }) else {
                throw Failure(.failed, "No section of the catalogue is called \(name).")
            }
            try edits.checkIsGone(name)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a machine: its section and its file in the machines directory.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Name of the machine.", completion: Completions.machines) var name: String
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
            let edits = CatalogueEdits(settings)
            // Another machine may have the same file, by another name of it.
            let file = FileIdentity(path)
            let isShared = edits.sections.contains { $0.name != name && $0.paths.contains { FileIdentity($0) == file } }
            let isOurs = path.hasPrefix(settings.machines.directory + "/") && !isShared
            if isShared { Console.say("qwd: \(path) stays: another machine has it too") }
            let what = isOurs && Files.exists(path) ? "[\(name)] and \(path)" : "[\(name)]"
            guard yes || CatalogueEdits.confirm("Remove \(what)?") else {
                throw Failure(.failed, "Nothing was removed.")
            }
            _ = try edits.change(inAll: true) { try $0.remove(name) }
            try edits.checkIsGone(name)
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
            let edits = CatalogueEdits(settings)
            let problems = SectionSummary.problems(files: settings.machines.catalogue, directory: directory)
            if let problem = problems.first {
                throw Failure(.failed, "Nothing was removed, because the catalogue is not understood. \(problem)")
            }
            let use = try await edits.use()
            let named = Set((edits.sections.flatMap(\.paths) + use.files).compactMap { FileIdentity($0) })
            var files = MachineCommand.catalogue(settings).leftovers.filter(\.isImage).map(\.name).filter { name in
                // By its file, whatever it is called; a link is none of its own.
                guard let file = FileIdentity("\(directory)/\(name)") else { return false }
                return !named.contains(file) && !use.machines.contains(name)
            }
            files += ImageStore(directory: directory).leftovers
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
            let (draft, base) = ("\(file).draft", "\(file).draft-of")
            // Two who edit one draft would take each other's work away.
            let lock: DirectoryLock
            do {
                lock = try DirectoryLock(
                    ["\(file).lock"], owner: "'qwd machine edit'", advice: "wait until that one has ended")
            } catch {
                throw Failure(.failed, "\(error)")
            }
            defer {
                unlink("\(file).lock")
                lock.release()
            }
            if !Files.exists(draft) || !Files.exists(base) {
                try Files.write(Files.read(file) ?? "", to: base)
                try Files.write(Files.read(base) ?? "", to: draft)
            }
            try Editor.open(draft)
            let others = settings.machines.catalogue.filter { $0 != file }
            let errors = Catalogue.load(files: others + [draft], directory: settings.machines.directory).warnings
                .filter { $0.file == draft }
            for error in errors { Console.say("qwd: \(error)") }
            if !errors.isEmpty, !CatalogueEdits.confirm("Keep it all the same?") {
                throw Failure(
                    .failed, "Nothing was changed. The draft is kept: \(draft); qwd machine edit opens it again.")
            }
            guard try CatalogueFile(file).replace(Files.read(base) ?? "", with: Files.read(draft) ?? "") else {
                throw Failure(
                    .failed,
                    "Somebody else has changed \(file) meanwhile. Yours is kept: bring both together in \(draft), copy \(file) to \(base), and then qwd machine edit."
                )
            }
            for path in [draft, base] { unlink(path) }
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

    /// Does something to the newest file that has the section, or to all: one that is left would count again.
    /// - Returns: Whether one has.
    func change(
        inAll: Bool = false, _ body: (CatalogueFile) throws -> CatalogueFile.Change
    ) throws -> Bool {
        var isFound = false
        for file in settings.machines.catalogue.reversed() where Files.exists(file) && (inAll || !isFound) {
            do {
                if try body(CatalogueFile(file)) != .missing { isFound = true }
            } catch {
                throw Failure(.failed, "\(error)")
            }
        }
        return isFound
    }

    /// - Throws: Where a section of the name still counts.
    func checkIsGone(_ name: String) throws {
        let left = SectionSummary.all(files: settings.machines.catalogue, directory: settings.machines.directory)
        if left.contains(where: { $0.name == name }) {
            throw Failure(.failed, "[\(name)] is still in the catalogue. Look at it: qwd machine edit")
        }
    }

    /// All sections, also those that are comments.
    var sections: [SectionSummary] {
        let directory = settings.machines.directory
        return SectionSummary.all(files: settings.machines.catalogue, directory: directory)
            + settings.machines.catalogue.flatMap { CatalogueFile($0).disabledSections(in: directory) }
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
        if Terminal.hasPerson { return Terminal.agrees(to: question) }
        Console.say("qwd: \(question) Nobody is there to answer; --yes does.")
        return false
    }
}
