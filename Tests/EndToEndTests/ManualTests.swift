import Foundation
import Processes
@testable import qwd
import Testing
import TestSupport

/// The manual pages as a package gets them.
@Suite(.timeLimit(.minutes(1)))
struct ManualTests {
    private static let groff = Programs.find("groff")

    /// The pages by their files' names.
    private func pages() async throws -> [String: String] {
        let root = "/tmp/qwd-man-\(UInt32.random(in: 0...UInt32.max))"
        try Files.makeDirectory(root)
        defer { Files.remove(root) }
        #expect(try await output(of: ["generate", "man", root]).status == 0)
        return Dictionary(uniqueKeysWithValues: Files.names(in: root).map { ($0, Files.read("\(root)/\($0)") ?? "") })
    }

    private func output(
        of words: [String], program: String = builtProgram, input: String = ""
    ) async throws -> (status: Int32, output: String, errors: String) {
        let file = "/tmp/qwd-man-input-\(UInt32.random(in: 0...UInt32.max))"
        try Files.write(input, to: file)
        defer { Files.remove(file) }
        return try await offPool {
            let process = Process()
            process.executableURL = URL(filePath: program)
            process.arguments = words
            let (output, errors) = (Pipe(), Pipe())
            (process.standardOutput, process.standardError) = (output, errors)
            process.standardInput = FileHandle(forReadingAtPath: file)
            try process.run()
            // What goes to standard error is short.
            let texts = try [output, errors].map {
                String(decoding: try $0.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            }
            process.waitUntilExit()
            return (process.terminationStatus, texts[0], texts[1])
        }
    }

    @Test func `a directory that is not there is named, in the system's words`() async throws {
        let found = try await output(of: ["generate", "man", "/nope"])
        #expect(found.status == 1 && found.errors == "qwd: Can't write /nope/qwd.1: No such file or directory\n")
    }

    @Test func `there is a page for each program, service and file`() async throws {
        #expect(
            try await pages().keys.sorted() == [
                "machines.conf.5", "qwd-frontend.8", "qwd-scheduler.8", "qwd-worker.8", "qwd.1", "qwd.yaml.5",
                "qwdctl.1",
            ])
    }

    @Test(.enabled(if: groff != nil, "groff is not installed"))
    func `groff has nothing to warn of, and shows the whole page`() async throws {
        for (name, text) in try await pages() {
            let checked = try await output(
                of: ["-man", "-ww", "-z", "-Tutf8"], program: try #require(Self.groff), input: text)
            #expect(checked.status == 0 && checked.errors == "", "\(name): \(checked.errors)")
            let shown = try await output(
                of: ["-man", "-Tascii", "-P-cbou"], program: try #require(Self.groff), input: text)
            #expect(shown.output.contains("SEE ALSO"), "\(name)")
        }
    }

    @Test func `every command and option that help shows is named`() async throws {
        let page = try #require(try await pages()["qwd.1"]).replacing("\\-", with: "-")
        struct Command: Decodable {
            struct Argument: Decodable {
                struct Name: Decodable { var name: String }
                var shouldDisplay: Bool
                var names: [Name]?
                var valueName: String?
            }
            var commandName: String
            var shouldDisplay: Bool?
            var subcommands: [Command]?
            var arguments: [Argument]?
        }
        struct Dump: Decodable { var command: Command }
        let dump = try await output(of: ["--experimental-dump-help"])
        var count = 0
        func look(at command: Command, _ words: String) {
            let subcommands = (command.subcommands ?? []).filter {
                $0.commandName != "help" && $0.shouldDisplay != false
            }
            for subcommand in subcommands { look(at: subcommand, "\(words) \(subcommand.commandName)") }
            guard subcommands.isEmpty else { return }
            count += 1
            let start = page.range(of: ".SS \"\(words) [options]")
            #expect(start != nil, "\(words)")
            for argument in command.arguments ?? [] where argument.shouldDisplay {
                for name in argument.names ?? [] {
                    #expect(
                        page.contains(name.name.count == 1 ? "-\(name.name)" : "--\(name.name)"),
                        "\(words): \(name.name)")
                }
            }
        }
        look(at: try JSONDecoder().decode(Dump.self, from: Data(dump.output.utf8)).command, "qwd")
        #expect(count > 40)
        #expect(!page.contains("display-gateway"), "it is for workers alone")
    }

    @Test func `every key of both files is named, with its meaning's first words`() async throws {
        let pages = try await pages()
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        for (document, page, heading) in [
            ("configuration.md", "qwd.yaml.5", "| Key | Default |"),
            ("machines.md", "machines.conf.5", "| key | meaning |"),
        ] {
            let text = Self.plain(try #require(pages[page]))
            let tables = try String(contentsOf: root.appending(path: "docs/\(document)"), encoding: .utf8)
                .split(separator: heading).dropFirst().flatMap { $0.split(separator: "\n\n")[0].split(separator: "\n") }
            let rows = tables.filter { $0.hasPrefix("| `") }.map { $0.split(separator: " | ") }
            #expect(rows.count > 20)
            for row in rows {
                let keys = row[0].dropFirst(2).replacing("`", with: "")
                #expect(text.contains(".TP \(keys) "), "\(keys)")
                let meaning = row[row.count - 1].replacing("`", with: "").replacing("\\|", with: "|").dropLast(2)
                #expect(text.contains(meaning.split(separator: " ").joined(separator: " ")), "\(keys): \(meaning)")
            }
        }
    }

    /// The words of a page, without what makes them bold.
    private static func plain(_ page: String) -> String {
        let signs = [
            ("\\fB", ""), ("\\fP", ""), ("\\-", "-"), ("\\(aq", "'"), ("\\(dq", "\""), ("\\(ti", "~"), ("\\(ha", "^"),
            ("\\&", ""), ("\\e", "\\"),
        ]
        return signs.reduce(page) { $0.replacing($1.0, with: $1.1) }.split(whereSeparator: \.isWhitespace)
            .joined(separator: " ")
    }

    @Test func `every verb and option of qwdctl is named`() async throws {
        let page = Self.plain(try #require(try await pages()["qwdctl.1"]))
        for verb in QwdctlVerb.allCases { #expect(page.contains(".TP \(verb.synopsis) "), "\(verb)") }
        for option in QwdctlOption.allCases { #expect(page.contains(".TP --\(option.rawValue)="), "\(option)") }
    }

    @Test func `the pages of services name their keys`() async throws {
        let pages = try await pages()
        for (role, key) in [
            ("frontend", "auth.ldap.url"), ("worker", "network.deny"), ("scheduler", "scheduler.lease"),
        ] {
            #expect(pages["qwd-\(role).8"]?.contains(key) == true, "\(role)")
        }
        #expect(pages["qwd-worker.8"]?.replacing("\\-", with: "-").contains("--hosts") == true)
    }
}
