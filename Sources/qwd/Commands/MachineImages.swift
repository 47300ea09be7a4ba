import ArgumentParser
import Catalogue
import Domain
import Foundation
import ImageBuilder
import ImageStore
import Processes
import Settings
import Synchronization

/// The commands that bring images.
extension MachineCommand {
    /// Runs something of the image store with its progress on the terminal.
    static func storing(
        _ settings: Settings,
        _ body: @escaping @Sendable (ImageStore, @escaping ImageStore.Progress) async throws -> String
    ) async throws -> String {
        try Files.makeDirectory(settings.machines.directory)
        let store = ImageStore(directory: settings.machines.directory, proxy: settings.machines.proxy ?? "")
        let bar = ProgressBar.Drawing()
        let path = Mutex("")
        do {
            defer { bar.end() }
            try await cancelOnSignal {
                let found = try await body(store) { step, done, all in
                    bar.draw(
                        BuildProgress(
                            step: step, count: done > 0 ? "\(done >> 20)\(all > 0 ? " of \(all >> 20)" : "") MiB" : nil,
                            fraction: all > 0 ? Double(done) / Double(all) : 0))
                }
                path.withLock { $0 = found }
            }
        } catch let error as ImageStoreError {
            throw Failure(error.code == .cancelled ? .interrupted : .failed, error.detail)
        }
        let found = path.withLock { $0 }
        if found.isEmpty { throw Failure(.interrupted, "Interrupted. What came is kept: the next one goes on.") }
        return found
    }

    struct Download: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Get the image of a machine from the url= of its section.",
            discussion:
                "Its sha256= is compared, archives are unpacked, and an interrupted download goes on where it was.")
        @OptionGroup var common: CommonOptions
        @Argument(
            help: "Name of the machine; without it, all whose files are missing.", completion: Completions.machines)
        var name: String?

        func run() async throws {
            let settings = try common.settings()
            let sections = SectionSummary.all(
                files: settings.machines.catalogue, directory: settings.machines.directory)
            let wanted = sections.filter { name == nil ? $0.url != nil && !Files.exists($0.path) : $0.name == name }
            if wanted.isEmpty {
                if name == nil { return Console.print("Nothing to download: every machine with a url= has its file.") }
                throw Failure(
                    .failed, "No section of the catalogue is called \(name ?? ""). qwd machine add URL makes one.")
            }
            var problems = 0
            for section in wanted {
                do { try await get(section, settings) } catch let failure as Failure
                    where wanted.count > 1 && failure.code != .interrupted
                {
                    Console.say("qwd: \(section.name): \(failure.message)")
                    problems += 1
                }
            }
            if problems > 0 { throw Failure(.failed, "\(problems) of \(wanted.count) could not be got.") }
        }

        private func get(_ section: SectionSummary, _ settings: Settings) async throws {
            guard let url = section.url else { throw Failure(.failed, "[\(section.name)] has no url= to get it from.") }
            let parts = section.path.split(separator: "/")
            let directory = Files.directory(of: section.path)
            guard directory == settings.machines.directory, let file = parts.last.map(String.init) else {
                throw Failure(
                    .failed,
                    "[\(section.name)] has its file outside of \(settings.machines.directory). Put it there yourself.")
            }
            let path = try await MachineCommand.storing(settings) { store, progress in
                try await store.download(url, as: file, sha256: section.sha256, progress: progress)
            }
            Console.print(path)
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bring an image from a file or an address, look at it, and offer it.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "A file, or an address of HTTP(S).", completion: .file()) var source: String
        @Option(help: "Name of the machine; without it, the file's.") var name: String?
        @Option(help: "What people choose it by.") var title: String?
        @Option(help: ArgumentHelp("What its bytes must come to.", valueName: "sha256")) var sha256: String?
        @Option(
            help: ArgumentHelp(
                "A key of its section, such as disk_bus=ide. May be given again.", valueName: "key=value"))
        var option: [String] = []
        @Flag(help: "Make a qcow2 of a disk of another format.") var convert = false

        func run() async throws {
            let settings = try common.settings()
            let isURL = source.contains("://")
            if isURL, SectionSummary.shown(url: source) != String(source.prefix { $0 != "?" && $0 != "#" }) {
                throw Failure(
                    .usage,
                    "An address with a user's name in it would stand in the catalogue, which everybody may read. Get the file yourself, then: qwd machine add FILE"
                )
            }
            let last = source.split(separator: "/").last.map { String($0.prefix { $0 != "?" && $0 != "#" }) } ?? ""
            let name = self.name ?? Self.name(of: last, converts: convert)
            guard Machine.isValid(name: name) else {
                throw Failure(.usage, "“\(name)” can't be the name of a machine. Give one: --name NAME")
            }
            var values = try option.map { text in
                guard let equals = text.firstIndex(of: "=") else {
                    throw Failure(.usage, "--option \(text): write key=value.")
                }
                return (key: String(text[..<equals]), value: String(text[text.index(after: equals)...]))
            }
            if let title { values.insert((key: "title", value: title), at: 0) }
            if isURL { values.append((key: "url", value: source)) }
            if let sha256 { values.append((key: "sha256", value: sha256)) }
            if let key = values.map(\.key).first(where: { $0 == "path" || $0 == "format" }) {
                throw Failure(.usage, "--option \(key): the file that is added is what it is.")
            }
            let problems = SectionSummary.problems(name: name, values: values)
            if !problems.isEmpty { throw Failure(.usage, problems.joined(separator: "\n")) }
            let catalogue = MachineCommand.catalogue(settings)
            if catalogue.machine(named: name) != nil || Files.exists("\(settings.machines.directory)/\(name)") {
                throw Failure(.failed, "There is a machine \(name) already. Give this one another name: --name NAME")
            }
            let (source, sum, converts) = (source, sha256?.lowercased(), convert)
            let path = try await MachineCommand.storing(settings) { store, progress in
                isURL
                    ? try await store.download(source, as: name, sha256: sum, converts: converts, progress: progress)
                    : try await store.add(
                        source, as: name, sha256: sum, converts: converts, progress: progress)
            }
            let image = try DiskImage(file: path, named: name)
            let wrong = SectionSummary.problems(name: name, values: values, image: image)
            if !wrong.isEmpty {
                unlink(path)
                throw Failure(.usage, wrong.joined(separator: "\n"))
            }
            // What is promised of the file that came, and comes from there, is not this one.
            if converts, image.format == .qcow2 { values.removeAll { ["sha256", "url"].contains($0.key) } }
            if image.kind == .disk, GuestSystem.canLook {
                Console.say("qwd: looking for the system on it (libguestfs, up to some minutes)")
                if let system = await GuestSystem.look(at: path, as: image.driver) {
                    Console.say("qwd: on it is \(system.name)")
                    values += system.choices.filter { choice in !values.contains { $0.key == choice.key } }
                }
            }
            try CatalogueEdits(settings).offer(name, values)
            Console.print(path)
            try CatalogueEdits.tell(name, settings)
        }

        /// What a machine is called that a file becomes.
        private static func name(of file: String, converts: Bool) -> String {
            let name = unpacked(file)
            let diskEnd = [".vmdk", ".vdi", ".vhd", ".vhdx", ".qed", ".img", ".raw"].first {
                name.lowercased().hasSuffix($0)
            }
            guard converts, let diskEnd else { return name }
            return name.dropLast(diskEnd.count) + ".qcow2"
        }

        /// A file's name without what it is packed in.
        private static func unpacked(_ name: String) -> String {
            for end in [".xz", ".gz", ".zst", ".zip"] where name.lowercased().hasSuffix(end) {
                return String(name.dropLast(end.count))
            }
            return name.lowercased().hasSuffix(".ova") ? name.dropLast(4) + ".vmdk" : name
        }
    }

    struct Build: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a machine from this host's own apt sources.",
            discussion: "There is a recipe for: \(ImageBuild.names.joined(separator: ", ")).")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Name of the machine.", completion: .list(ImageBuild.names)) var name: String

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
            if MachineCommand.catalogue(settings).machine(named: "\(name).qcow2") == nil {
                let files = settings.machines.catalogue.joined(separator: " or ")
                Console.say("qwd: to offer it in the form, add it to \(files): [\(name).qcow2]")
            }
        }
    }
}
