import ArgumentParser
import Foundation
import Settings

/// What every command understands.
struct CommonOptions: ParsableArguments {
    @Option(
        name: .long, help: ArgumentHelp("Read this file instead of /etc/qwd/qwd.yaml.", valueName: "file"),
        completion: .file(extensions: ["yaml"]))
    var config: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Override one key of the configuration; may be repeated.", valueName: "key=value"),
        completion: Completions.keys)
    var overrides: [String] = []

    /// The configuration's file, which may be missing.
    var file: String {
        let host = HostEnvironment(environment: ProcessInfo.processInfo.environment)
        return URL(filePath: SettingsLoader.file(configFile: config, hostEnvironment: host)).standardizedFileURL.path
    }

    /// Themselves again, for another command that gets the same.
    var words: [String] { (config.map { ["--config", $0] } ?? []) + overrides.flatMap { ["--set", $0] } }

    /// What was typed, with these options behind the command where they stand before it: `qwd --config FILE status`. Those behind it
    /// come later, and so count more.
    /// - Throws: A failure where there is no command.
    static func behindCommand(_ words: [String]) throws(Failure) -> [String] {
        var (rest, before) = (words[...], [String]())
        while let word = rest.first, ["--config", "--set"].contains(where: { word == $0 || word.hasPrefix("\($0)=") }) {
            let count = word.contains("=") ? 1 : 2
            before += rest.prefix(count)
            rest = rest.dropFirst(count)
        }
        if rest.isEmpty, !before.isEmpty {
            throw Failure(.usage, "No command stands behind \(before.joined(separator: " ")). 'qwd --help' lists them.")
        }
        let end = rest.firstIndex { $0.hasPrefix("-") } ?? rest.endIndex
        return Array(rest[..<end]) + before + rest[end...]
    }

    /// Reads the configuration.
    /// - Throws: A failure that names every error at once, each with its file, line and key.
    func settings() throws(Failure) -> Settings {
        switch SettingsLoader.load(
            configFile: config, environment: ProcessInfo.processInfo.environment, overrides: overrides)
        {
        case .success(let settings): return settings
        case .failure(let errors): throw Failure(.badConfiguration, "The configuration has errors:\n\(errors)")
        }
    }
}
