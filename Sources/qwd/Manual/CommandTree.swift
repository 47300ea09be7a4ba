import ArgumentParser
import Foundation

/// What the command line knows of itself, as ArgumentParser tells it (`--experimental-dump-help`).
struct CommandTree: Decodable {
    struct Argument: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String

            var written: String { kind == "long" ? "--\(name)" : "-\(name)" }
        }

        var kind: String
        var shouldDisplay: Bool
        var isOptional: Bool
        var names: [Name]?
        var valueName: String?
        var defaultValue: String?
        var abstract: String?

        var isPositional: Bool { kind == "positional" }

        /// How it is written: `--cpu, --snapshot_alloc_cpu <cpu>`, `<machine>`.
        var written: String {
            let value = valueName.map { "<\($0)>" } ?? ""
            if isPositional { return isOptional ? "[\(value)]" : value }
            let words = (names ?? []).map(\.written).joined(separator: ", ")
            return kind == "option" ? "\(words) \(value)" : words
        }
    }

    var commandName: String
    var abstract: String?
    var discussion: String?
    var shouldDisplay: Bool?
    var subcommands: [CommandTree]?
    var arguments: [Argument]?

    /// The commands that people are shown. `help` is ArgumentParser's own.
    var visibleCommands: [CommandTree] {
        (subcommands ?? []).filter { $0.shouldDisplay != false && $0.commandName != "help" }
    }

    var visibleArguments: [Argument] { (arguments ?? []).filter(\.shouldDisplay) }

    /// All that take no further command, each with the words that call it.
    func leaves(_ path: [String] = []) -> [(words: [String], command: CommandTree)] {
        let words = path + [commandName]
        return visibleCommands.isEmpty ? [(words, self)] : visibleCommands.flatMap { $0.leaves(words) }
    }

    static func ofQWD() async throws -> CommandTree {
        struct Dump: Decodable { var command: CommandTree }
        do {
            _ = try await QWD.asyncParseAsRoot(["--experimental-dump-help"])
        } catch {
            return try JSONDecoder().decode(Dump.self, from: Data(QWD.message(for: error).utf8)).command
        }
        throw Failure(.failed, "ArgumentParser tells nothing of the commands.")
    }
}
