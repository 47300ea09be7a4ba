import ArgumentParser
import Catalogue
import Foundation
import Migration
import Processes
import Settings

/// Makes our configuration of that of qemu-web-desktop.
struct ImportReference: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-reference",
        abstract: "Make a configuration and a catalogue of those of qemu-web-desktop.",
        discussion: """
            Says of each key what became of it, and why. Perl is read where it sets plain values, and never evaluated; everything \
            else is named with its line. What is made is checked before it is written, and no file is replaced.
            """)

    @Argument(help: "The directory with config.pl and machines.conf.", completion: .directory)
    var directory = "/etc/qemu-web-desktop"
    @Option(
        help: ArgumentHelp("Where qwd.yaml and machines.conf go.", valueName: "directory"), completion: .directory)
    var to = "/etc/qwd"
    @Flag(help: "Write nothing: print what would be written.") var dryRun = false

    /// Where the reference's package has its images.
    private static let usualImages = "/var/lib/qemu-web-desktop/machines"

    func run() throws {
        let files = try ReferenceFiles(in: directory)
        var settings = SettingsImport(files: files.perl)
        var catalogue = CatalogueImport(files: files.lists)
        let target = URL(filePath: to).standardizedFileURL.path
        if !settings.sets("machines.directory"), Files.isDirectory(Self.usualImages) {
            settings.set("machines.directory", to: Self.usualImages, because: "where the images are")
        }
        if target != "/etc/qwd", !catalogue.isEmpty {
            settings.set("machines.catalogue", to: ["\(target)/machines.conf"], because: "--to")
        }
        let passwordFile = "\(target)/mail.password"
        settings.setPasswordFile(passwordFile)
        let effective = try Self.check(&settings, &catalogue)
        tell(settings.outcomes + catalogue.outcomes)
        if effective.signInProblem != nil {
            Console.say(
                "qwd: nothing says how people sign in. Write auth.methods before the first start: docs/accounts.md has an example of each way."
            )
        }
        var made = [("\(target)/qwd.yaml", settings.yaml, UInt32(0o644))]
        if !catalogue.isEmpty { made.append(("\(target)/machines.conf", catalogue.text, 0o644)) }
        if dryRun {
            for (path, text, _) in made { Console.print("\n\(path):\n\(text)") }
            return
        }
        if settings.sets("mail.password_file"), let password = settings.mailPassword {
            made.append((passwordFile, "\(password)\n", 0o600))
        }
        try write(made, to: target)
    }

    /// Lets our own readers look at what was made; what they refuse is taken back.
    /// - Returns: What a service would have.
    private static func check(_ settings: inout SettingsImport, _ catalogue: inout CatalogueImport) throws -> Settings {
        var template = Array("/tmp/qwd-import-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw Failure(.failed, "Can't make a directory in /tmp: \(String(cString: strerror(errno)))")
        }
        let place = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { Files.remove(place) }
        while true {
            try Files.write(settings.yaml, to: "\(place)/qwd.yaml")
            switch SettingsLoader.load(configFile: "\(place)/qwd.yaml", environment: [:], overrides: []) {
            case .success(let effective):
                let file = "\(place)/machines.conf"
                try Files.write(catalogue.text, to: file)
                let found = Catalogue.load(files: [file], directory: effective.machines.directory).warnings
                catalogue.note(found.filter { $0.file == file })
                return effective
            case .failure(let errors):
                guard settings.refuse(errors.all) else {
                    throw Failure(.failed, "What came of it is no configuration, and nothing was written:\n\(errors)")
                }
            }
        }
    }

    private func tell(_ outcomes: [SettingsImport.Outcome]) {
        Table(
            headings: ["WHERE", "WHAT", "WHAT BECAME OF IT", "WHY"],
            rows: outcomes.map { [$0.place, $0.key, $0.fate, $0.text] }
        ).print()
    }

    private func write(_ files: [(path: String, text: String, mode: UInt32)], to target: String) throws {
        if let path = files.map(\.path).first(where: { Files.exists($0) }) {
            throw Failure(
                .failed,
                "\(path) is there already, and nothing was written. Move it away, or have the new files elsewhere: --to DIR"
            )
        }
        do {
            try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
            for (path, text, mode) in files {
                let isMade = FileManager.default.createFile(
                    atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: mode])
                guard isMade else { throw Failure(.failed, "Can't write \(path): \(String(cString: strerror(errno)))") }
                Console.say("qwd: \(path) is written")
            }
        } catch let error as CocoaError {
            throw Failure(.failed, "Can't make \(target): \(error.localizedDescription)")
        }
        Console.say("qwd: look at it: qwd config check --config \(target)/qwd.yaml")
    }
}

/// The files of the reference's configuration, with their texts, in the order in which it reads them.
struct ReferenceFiles {
    private(set) var perl: [(path: String, text: String)] = []
    /// Lists of machines.
    private(set) var lists: [(path: String, text: String)] = []

    init(in directory: String) throws(Failure) {
        guard Files.isDirectory(directory) else {
            throw Failure(
                .failed, "There is no directory \(directory). Name the one with config.pl: qwd import-reference DIR")
        }
        for place in [directory, "\(directory)/config.d"] {
            for name in Files.names(in: place).sorted() where !name.hasPrefix(".") {
                let path = "\(place)/\(name)"
                let isList =
                    name.hasSuffix(".ini") || name == "machines.conf" || place != directory && name.hasSuffix(".conf")
                guard isList || name.hasSuffix(".pl") else { continue }
                guard let text = Files.read(path) else {
                    throw Failure(.failed, "\(path) can't be read: \(String(cString: strerror(errno)))")
                }
                if isList { lists.append((path, text)) } else { perl.append((path, text)) }
            }
        }
        if perl.isEmpty, lists.isEmpty {
            throw Failure(
                .failed,
                "\(directory) has neither config.pl nor machines.conf. Name the right one: qwd import-reference DIR")
        }
    }
}
