package import Machines
package import Processes

/// The program that is a machine's network: it turns the guest's packets into ordinary connections (passt(1)).
package enum Passt {
    package static let program = "passt"

    /// Connects a machine's network.
    /// - Returns: passt, and what keeps its rate before it.
    package static func connect(
        _ paths: SessionPaths, account: Account?, namespace: ProcessHandle?, source: SourceAddress?,
        resolvers: [String], rate: NetworkRate?
    ) async throws(MachineError) -> (ProcessHandle, shaper: ProcessHandle?) {
        let socket = try MachineError.translating { () throws(ProcessError) in
            try UnixSocket.connect(to: paths.network)
        }
        return try await start(
            socket, behind: rate, account: account, namespace: namespace, source: source, resolvers: resolvers,
            log: paths.networkLog)
    }

    /// The same with a rate kept before it, if there is one.
    static func start(
        _ socket: Descriptor, behind rate: NetworkRate?, account: Account?, namespace: ProcessHandle?,
        source: SourceAddress?, resolvers: [String], log: String?
    ) async throws(MachineError) -> (ProcessHandle, shaper: ProcessHandle?) {
        let shaped = try await rate?.start(before: socket, account: account, log: log)
        // If this fails the shaper ends too, with its socket.
        let helper = try await start(
            shaped?.socket ?? socket, account: account, namespace: namespace, source: source, resolvers: resolvers,
            frames: rate == nil ? [] : NetworkRate.passtArguments, log: log)
        return (helper, shaped?.process)
    }

    /// passt gets the connected socket as its descriptor 0 and ends with it.
    /// - Parameters:
    ///   - namespace: The network it works in; nil for this host's.
    ///   - source: What it sends from there.
    ///   - resolvers: Name servers that the guest is told; none: those of this host.
    ///   - frames: More of its arguments.
    static func start(
        _ socket: Descriptor, account: Account?, namespace: ProcessHandle?, source: SourceAddress?,
        resolvers: [String], frames: [String] = [], log: String?
    ) async throws(MachineError) -> ProcessHandle {
        var program = Program(
            program,
            ["--foreground", "--fd", "0", "--no-map-gw", "--quiet", "-t", "none", "-u", "none"] + frames
                + (namespace == nil ? [] : source?.addresses ?? []).flatMap { ["--outbound", $0] }
                + resolvers.flatMap { ["--dns", $0] }, package: "passt")
        program.account = account
        program.network = namespace
        if let namespace { await source?.take(in: namespace) }
        let start = program
        return try await MachineError.translating { () async throws(ProcessError) in
            try await DetachedProcess.start(start, standardInput: socket, log: log)
        }
    }
}
