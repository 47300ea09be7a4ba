import Foundation
import Processes
import Settings

/// Lets other commands of this user find the configuration of a service that was started with a file of its own, without a
/// variable: where there is no /etc/qwd/qwd.yaml they read the file that this link names.
struct ServiceLink {
    private let path: String
    private let file: String

    init(to config: String) throws(ProcessError) {
        path = HostEnvironment(environment: ProcessInfo.processInfo.environment).serviceLink
        file = URL(filePath: config).standardizedFileURL.path
        // A later service takes it over.
        unlink(path)
        try Files.link(path, to: file)
    }

    /// Removes it, unless it is another service's by now.
    func remove() {
        if Files.target(of: path) == file { unlink(path) }
    }
}
