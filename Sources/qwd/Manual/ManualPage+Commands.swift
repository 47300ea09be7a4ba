import Settings

extension ManualPage {
    /// All pages, of what the program knows of itself.
    static func all() async throws -> [ManualPage] {
        let tree = try await CommandTree.ofQWD()
        return [qwd(tree), qwdctl(), configuration(), catalogue()]
            + tree.visibleCommands.compactMap { command in
                Role(rawValue: command.commandName).map { role($0, command) }
            }
    }

    /// Names and sections of the pages that refer to each other.
    fileprivate static let family = [
        ("qwd", 1), ("qwdctl", 1), ("qwd.yaml", 5), ("machines.conf", 5), ("qwd-frontend", 8), ("qwd-worker", 8),
        ("qwd-scheduler", 8),
    ]

    mutating func seeFamily() { seeAlso(Self.family) }

    private static func qwd(_ tree: CommandTree) -> ManualPage {
        var page = ManualPage("qwd", 1, "virtual machines in the browser, as a job queue")
        page.heading("SYNOPSIS")
        page.paragraph("`qwd` [`--config` file] <command> [options] [arguments]")
        page.heading("DESCRIPTION")
        page.paragraph(
            "A person opens a web page, asks for a virtual machine and works on its desktop in the same browser tab. `qwd` runs "
                + "the pages, the machines and what keeps them in order, and looks after all of it.")
        page.paragraph("Data goes to standard output, messages to standard error.")
        page.heading("COMMON OPTIONS")
        page.paragraph("Most commands take these, before the command or behind it; they are not repeated below.")
        let leaves = tree.leaves()
        let common =
            leaves.first { $0.command.commandName == "status" }?.command.visibleArguments.filter(\.isCommon) ?? []
        for argument in common { page.option(argument) }
        page.heading("COMMANDS")
        for (words, command) in leaves {
            page.subheading(([words.joined(separator: " "), "[options]"] + command.positional).joined(separator: " "))
            page.describe(command)
            for argument in command.visibleArguments where !argument.isCommon { page.option(argument) }
        }
        page.heading("EXIT STATUS")
        for code in FailureCode.allCases { page.item("\(code.rawValue)", [code.meaning]) }
        page.heading("FILES")
        page.item("/etc/qwd/qwd.yaml, /etc/qwd/qwd.d/*.yaml", ["The configuration: qwd.yaml(5)."])
        page.item("/etc/qwd/machines.conf", ["The machines that are offered: machines.conf(5)."])
        page.seeFamily()
        return page
    }

    /// A service that runs apart from the others.
    private enum Role: String {
        case frontend, worker, scheduler

        /// The sections of the configuration that are about it alone.
        var sections: [String] {
            switch self {
            case .frontend: ["frontend", "form", "defaults", "auth", "mail", "tls", "proxies"]
            case .worker: ["worker", "network", "display", "machines", "mounts", "exchange", "scripts", "gpu", "tls"]
            case .scheduler: ["scheduler", "limits"]
            }
        }
    }

    private static func role(_ role: Role, _ command: CommandTree) -> ManualPage {
        var page = ManualPage("qwd-\(role.rawValue)", 8, (command.abstract ?? "").sentencePart)
        page.heading("SYNOPSIS")
        page.paragraph("`qwd \(role.rawValue)` [options]")
        page.heading("DESCRIPTION")
        page.describe(command)
        page.paragraph(
            "It ends in order at SIGTERM and SIGINT; desktops that run go on. All roles of one farm share a Redis (`redis.url`) and "
                + "the file `secret` in `state_dir`.")
        page.heading("OPTIONS")
        for argument in command.visibleArguments { page.option(argument) }
        page.heading("CONFIGURATION")
        page.paragraph(
            "Beside the keys that all roles have, those of these sections, which are explained in qwd.yaml(5):")
        for section in role.sections {
            let keys = SettingsSchema.keys.map(\.name).filter { $0 == section || $0.hasPrefix("\(section).") }
            page.item(section, [keys.map { "`\($0)`" }.joined(separator: ", ")])
        }
        page.seeFamily()
        return page
    }

    /// What a command does.
    private mutating func describe(_ command: CommandTree) {
        for text in [command.abstract, command.discussion].compactMap(\.self) { paragraph(text) }
    }

    private mutating func option(_ argument: CommandTree.Argument) {
        let value = argument.defaultValue.map { ["Default: `\($0)`."] } ?? []
        item(argument.written, [([argument.abstract ?? ""] + value).joined(separator: " ")])
    }
}

extension CommandTree {
    fileprivate var positional: [String] { visibleArguments.filter(\.isPositional).map(\.written) }
}

extension CommandTree.Argument {
    /// Whether nearly every command has it.
    fileprivate var isCommon: Bool {
        (names ?? []).contains { ["config", "set", "help", "version"].contains($0.name) }
    }
}

extension String {
    /// A sentence as a part of a line: without its capital and its full stop.
    fileprivate var sentencePart: String {
        let text = hasSuffix(".") ? dropLast() : self[...]
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
