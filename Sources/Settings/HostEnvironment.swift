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
    /// Where a service that was started with a file of its own leaves a link to it.
    package var serviceLink: String

    /// - Parameter environment: Of it, `STATE_DIRECTORY` and `RUNTIME_DIRECTORY` count, in which systemd names the directories
    ///   of a unit (systemd.exec(5)), then `HOME`, `XDG_STATE_HOME` and `XDG_RUNTIME_DIR`; relative paths don't, as the XDG
    ///   base directory specification wants it.
    package init(
        userID: UInt32 = geteuid(), environment: [String: String], hostName: String = Self.ownHostName(),
        defaultFile: String = "/etc/qwd/qwd.yaml"
    ) {
        func directory(_ variable: String) -> String? {
            environment[variable].flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        self.defaultFile = defaultFile
        self.hostName = hostName
        // A unit may have several, with colons between: the first is ours.
        func directory(ofUnit variable: String) -> String? {
            directory(variable).map { String($0.prefix { $0 != ":" }) }
        }
        let (ownState, ownRuntime): (String, String)
        if userID == 0 {
            (ownState, ownRuntime) = (Self.systemStateDirectory, Self.systemRuntimeDirectory)
        } else {
            let home = directory("HOME") ?? FileManager.default.homeDirectoryForCurrentUser.path
            ownState = (directory("XDG_STATE_HOME") ?? home + "/.local/state") + "/qwd"
            ownRuntime = directory("XDG_RUNTIME_DIR").map { $0 + "/qwd" } ?? "/tmp/qwd-\(userID)"
        }
        stateDirectory = directory(ofUnit: "STATE_DIRECTORY") ?? ownState
        runtimeDirectory = directory(ofUnit: "RUNTIME_DIRECTORY") ?? ownRuntime
        serviceLink = "\(runtimeDirectory).service"
    }

    /// The file of the service that this user runs, where there is no file for all.
    var fileOfService: String? {
        var status = stat()
        // A link of somebody else's could lead anywhere.
        guard access(defaultFile, F_OK) != 0, lstat(serviceLink, &status) == 0, status.st_uid == geteuid(),
            status.st_mode & S_IFMT == S_IFLNK
        else { return nil }
        return try? FileManager.default.destinationOfSymbolicLink(atPath: serviceLink)
    }

    package static func ownHostName() -> String {
        // HOST_NAME_MAX is 64 on Linux; one more for the end.
        var buffer = [CChar](repeating: 0, count: 65)
        let status = gethostname(&buffer, buffer.count)
        let name = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return valid(status == 0 ? name : "")
    }

    /// A host's own name as a name of `worker.name`: what that may not have is a dash, and one of which nothing is left is made
    /// of the host's machine-id(5).
    static func valid(
        _ name: String,
        machineID: @autoclosure () -> String? = try? String(contentsOfFile: "/etc/machine-id", encoding: .utf8)
    ) -> String {
        let letters = name.unicodeScalars.map { scalar -> Character in
            let isFine =
                scalar.isASCII
                && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                    || "._-".unicodeScalars.contains(scalar))
            return isFine ? Character(scalar) : "-"
        }
        let rest = letters.drop { "._-".contains($0) }.prefix(64)
        if rest.contains(where: \.isLetter) || rest.contains(where: \.isNumber) { return String(rest) }
        let id = (machineID() ?? "").prefix { $0.isLetter || $0.isNumber }.prefix(8)
        return id.isEmpty ? "localhost" : "host-\(id)"
    }
}
