import ArgumentParser
import Foundation
import Processes
import Settings

extension ConfigCommand {
    struct Edit: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Edit the configuration's file with $VISUAL or $EDITOR. What has an error does not replace it.",
            discussion: "Where there is no file yet, the draft has every key as a comment.")
        @OptionGroup var common: CommonOptions

        func run() throws {
            let environment = ProcessInfo.processInfo.environment
            let draft = try ConfigDraft(
                of: common.file, template: Settings.template(hostEnvironment: HostEnvironment(environment: environment))
            )
            defer { draft.release() }
            repeat { try Editor.open(draft.path) } while try asksAgain(about: draft, environment)
            Console.say("qwd: \(try draft.replaceFile() ? "\(draft.file) is replaced" : "nothing was changed")")
        }

        /// - Returns: Whether the person wants to go on with a draft that is wrong; false for one that is right.
        private func asksAgain(about draft: ConfigDraft, _ environment: [String: String]) throws -> Bool {
            guard
                case .failure(let errors) = SettingsLoader.load(
                    configFile: draft.path, environment: environment, overrides: common.overrides)
            else { return false }
            for error in errors.all { Console.say("qwd: \(error)") }
            if Terminal.hasPerson, Terminal.agrees(to: "Edit it again?") { return true }
            throw Failure(
                .badConfiguration,
                "Nothing was changed. The draft is kept: \(draft.path); 'qwd config edit' opens it again.")
        }
    }
}

/// A copy of the configuration's file that is edited in its place. It lies beside it, so that `qwd.d` counts when it is checked.
struct ConfigDraft {
    let file: String
    private let template: String
    private let lock: DirectoryLock

    var path: String { "\(file).draft" }
    /// What the file was when the draft was made.
    private var base: String { "\(file).draft-of" }

    /// Takes up the draft that is there, or makes one.
    /// - Parameter template: What a file begins with that is not there yet.
    init(of file: String, template: String) throws {
        // A link stays one: what it leads to is replaced.
        self.template = template
        self.file = Files.real(file) ?? file
        do {
            // On a new host there is not even the directory.
            try FileManager.default.createDirectory(
                atPath: Files.directory(of: self.file), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o755])
            // Two who edit one draft would take each other's work away.
            lock = try DirectoryLock(
                ["\(self.file).lock"], owner: "'qwd config edit'", advice: "wait until that one has ended")
        } catch let error as ProcessError {
            throw Failure(.failed, "\(error)")
        } catch {
            throw Failure(.failed, "Can't make \(Files.directory(of: self.file)): \(error.localizedDescription)")
        }
        if Files.exists(path), Files.exists(base) { return }
        let known = Files.read(self.file)
        try Self.write(known ?? "", to: base)
        try Self.write(known ?? template, to: path)
    }

    /// - Returns: False if there is nothing to change.
    /// - Throws: `Failure` if somebody else has changed the file meanwhile; the draft stays.
    func replaceFile() throws -> Bool {
        let (known, wanted) = (Files.read(base) ?? "", Files.read(path) ?? "")
        guard Files.read(file) ?? "" == known else {
            throw Failure(
                .failed,
                "Somebody else has changed \(file) meanwhile. Yours is kept: bring both together in \(path), copy \(file) to \(base), and then qwd config edit."
            )
        }
        if wanted == (known.isEmpty ? template : known) {
            for path in [path, base] { unlink(path) }
            return false
        }
        // An editor may have made a new file of the draft. Only root can give it away; who owns the file keeps it.
        let isGiven: Bool =
            if let rights = FileRights(of: file) { (try? rights.set(of: path)) != nil } else { chmod(path, 0o644) == 0 }
        guard isGiven, rename(path, file) == 0 else {
            throw Failure(
                .failed, "Can't replace \(file): \(String(cString: strerror(errno))). The draft is kept: \(path)")
        }
        unlink(base)
        return true
    }

    func release() {
        unlink("\(file).lock")
        lock.release()
    }

    /// For its owner alone, because there may be a password in it.
    private static func write(_ text: String, to path: String) throws {
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else { throw Failure(.failed, "Can't write \(path): \(String(cString: strerror(errno)))") }
    }
}
