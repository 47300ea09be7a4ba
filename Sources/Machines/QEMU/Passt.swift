import Processes

/// User networking by passt, with the host's loopback closed to the guest.
enum Passt {
    static let program = "passt"

    /// Connects a machine's network. passt gets the connected socket as its descriptor 0 and ends with it.
    static func connect(_ paths: SessionPaths) async throws(MachineError) {
        try await MachineError.translating { () async throws(ProcessError) in
            let socket = try UnixSocket.connect(to: paths.network)
            try await DetachedProcess.start(
                program, ["--foreground", "--fd", "0", "--no-map-gw", "--quiet", "-t", "none", "-u", "none"],
                standardInput: socket, log: paths.networkLog, package: "passt")
        }
    }
}
