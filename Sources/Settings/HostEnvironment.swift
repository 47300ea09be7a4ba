import FoundationEssentials

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What the defaults depend on: who runs the program, and where.
package struct HostEnvironment: Sendable {
    static let systemStateDirectory = "/var/lib/qwd"
    static let systemRuntimeDirectory = "/run/qwd"

    /// The configuration file that may be missing.
    package var defaultFile: String
    package var hostName: String
    package var stateDirectory: String
    package var runtimeDirectory: String

    /// - Parameter environment: Of it, `HOME`, `XDG_STATE_HOME` and `XDG_RUNTIME_DIR` count; relative paths don't, as
    ///   the XDG base directory specification wants it.
    package init(
        userID: UInt32 = geteuid(), environment: [String: String], hostName: String = Self.ownHostName(),
        defaultFile: String = "/etc/qwd/qwd.yaml"
    ) {
        func directory(_ variable: String) -> String? {
            environment[variable].flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        self.defaultFile = defaultFile
        self.hostName = hostName
        if userID == 0 {
            stateDirectory = Self.systemStateDirectory
            runtimeDirectory = Self.systemRuntimeDirectory
        } else {
            let home = directory("HOME") ?? FileManager.default.homeDirectoryForCurrentUser.path
            stateDirectory = (directory("XDG_STATE_HOME") ?? home + "/.local/state") + "/qwd"
            runtimeDirectory = directory("XDG_RUNTIME_DIR").map { $0 + "/qwd" } ?? "/tmp/qwd-\(userID)"
        }
    }

    package static func ownHostName() -> String {
        // HOST_NAME_MAX is 64 on Linux; one more for the end.
        var buffer = [CChar](repeating: 0, count: 65)
        let status = gethostname(&buffer, buffer.count - 1)
        let name = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return status == 0 && !name.isEmpty ? name : "localhost"
    }
}
