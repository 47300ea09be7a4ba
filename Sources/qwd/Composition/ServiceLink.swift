import Foundation
import Processes
import Settings

/// Lets other commands of this user find the configuration of a service that was started with a file of its own, without a
/// variable: where there is no /etc/qwd/qwd.yaml they read the file that this link names. The first service that runs has it.
struct ServiceLink {
    private let path: String
    private let file: String
    /// The file of a service that runs and has the link already.
    let other: String?

    init(to config: String) throws(ProcessError) {
        path = HostEnvironment(environment: ProcessInfo.processInfo.environment).serviceLink
        file = URL(filePath: config).standardizedFileURL.path
        if let known = Files.target(of: path), known != file, Self.runs(known) {
            other = known
            return
        }
        other = nil
        // One that was killed has left it.
        unlink(path)
        try Files.link(path, to: file)
    }

    /// Whether a service with this file runs.
    private static func runs(_ config: String) -> Bool {
        let environment = ProcessInfo.processInfo.environment
        guard
            case .success(let settings) = SettingsLoader.load(
                configFile: config, environment: environment, overrides: [])
        else { return false }
        return DirectoryLock.isHeld("\(settings.runtimeDir)/up.lock")
    }

    /// Removes it, unless it is another service's.
    func remove() {
        if other == nil, Files.target(of: path) == file { unlink(path) }
    }
}
