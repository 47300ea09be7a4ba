import Processes

/// The websockify program, as it is used for a host's common gateway and for one-shot sessions.
///
/// It gets its listening socket as descriptor 0: the port is ours from the start, and nobody can take it in between. What
/// it prints has tokens in it, so nobody may read that.
enum Websockify {
    static let program = "websockify"

    /// Files in PEM. They are read again for each viewer.
    struct Certificate: Sendable {
        var chain: String
        var key: String
    }

    /// A text that stands in the command line of the gateway for this token directory, and in no other one's.
    static func mark(_ tokens: String) -> String {
        "--token-source \(tokens) "
    }

    /// Starts a gateway that outlives us and writes its process id to `pidFile`.
    /// - Parameters:
    ///   - tokens: Directory whose names are tokens and whose entries lead to Unix sockets.
    ///   - web: Directory with noVNC, or nil for a gateway that serves no pages.
    ///   - once: Whether it ends after its first viewer.
    static func start(
        _ listener: TCPListener, tokens: String, web: String?, once: Bool, certificate: Certificate?, pidFile: String
    ) async throws(MachineError) -> ProcessHandle {
        var arguments = ["--inetd", "--token-plugin", "UnixDomainSocketDirectory", "--token-source", tokens]
        if let web { arguments += ["--web", web] }
        if let certificate {
            arguments += ["--cert", certificate.chain, "--key", certificate.key, "--ssl-only"]
        }
        arguments += once ? ["--run-once"] : ["--heartbeat", "30"]
        let command = arguments
        return try await MachineError.translating { () async throws(ProcessError) in
            let process = try await DetachedProcess.start(
                Program(program, command, package: "websockify"), standardInput: listener.descriptor)
            do throws(ProcessError) {
                try process.record(in: pidFile)
            } catch {
                // Nobody could end it any more.
                _ = await process.kill()
                throw error
            }
            return process
        }
    }
}
