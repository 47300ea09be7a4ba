import Foundation
import Settings

/// A directory with configuration files of its own, removed with the value.
final class ConfigurationDirectory {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "qwd-settings-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    convenience init(_ main: String) throws {
        try self.init()
        try write(main, to: "qwd.yaml")
    }

    deinit {
        // A directory left behind in /tmp harms no other test.
        try? FileManager.default.removeItem(atPath: path)
    }

    var mainFile: String { path + "/qwd.yaml" }

    /// A place of its own, because a service may run beside the tests.
    var serviceLink: String { path + "/run.service" }

    func write(_ text: String, to name: String) throws { try write(Data(text.utf8), to: name) }

    func write(_ data: Data, to name: String) throws {
        let url = URL(filePath: path + "/" + name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: url)
    }

    /// Loads the file as the default one, so it may be missing.
    func load(
        environment: [String: String] = [:], overrides: [String] = []
    ) -> Result<Settings, SettingsErrors> {
        var host = HostEnvironment(userID: 0, environment: environment, hostName: "desk1", defaultFile: mainFile)
        host.serviceLink = serviceLink
        return SettingsLoader.load(
            configFile: nil, environment: environment, overrides: overrides, hostEnvironment: host)
    }

    /// The errors as text, with the directory taken out of the places.
    func errors(environment: [String: String] = [:], overrides: [String] = []) -> [String] {
        switch load(environment: environment, overrides: overrides) {
        case .success: []
        case .failure(let errors): errors.all.map { $0.description.replacing(path + "/", with: "") }
        }
    }
}

/// The settings that flags alone give.
func settings(_ overrides: String...) throws -> Settings {
    try ConfigurationDirectory().load(overrides: overrides).get()
}

/// The errors of flags alone.
func errors(_ overrides: String...) throws -> [String] {
    try ConfigurationDirectory().errors(overrides: overrides)
}
