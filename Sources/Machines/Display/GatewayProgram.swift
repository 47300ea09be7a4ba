package import Domain
import Processes

/// Our own program as a display gateway: what it is told, and how it is started.
package struct GatewayProgram: Sendable {
    /// Absolute path of `qwd`.
    package var path: String
    /// Files in PEM; nil serves without TLS.
    package var certificate: (chain: String, key: String)?
    /// Addresses of web pages that may open displays.
    package var origins: [String]
    /// Whether pages at addresses of our own may too.
    package var ownAddresses: Bool
    /// Proxies in front of the displays.
    package var proxies: [IPNetwork]

    package init(
        path: String, certificate: (chain: String, key: String)? = nil, origins: [String] = [],
        ownAddresses: Bool = true, proxies: [IPNetwork] = []
    ) {
        self.path = path
        self.certificate = certificate
        self.origins = origins
        self.ownAddresses = ownAddresses
        self.proxies = proxies
    }

    /// The program that runs now. One that was replaced meanwhile is taken in its new version.
    package static var ourselves: String {
        let path = Files.target(of: "/proc/self/exe") ?? "qwd"
        let replaced = " (deleted)"
        return path.hasSuffix(replaced) ? String(path.dropLast(replaced.count)) : path
    }

    /// A text that stands in the command line of the gateway for this token directory, and in no other one's.
    static func mark(_ tokens: String) -> String { "--tokens \(tokens) " }

    func arguments(tokens: String) -> [String] {
        ["display-gateway", "--tokens", tokens] + (ownAddresses ? ["--own-addresses"] : [])
            + (certificate.map { ["--certificate", $0.chain, "--key", $0.key] } ?? [])
            + origins.flatMap { ["--origin", $0] } + proxies.flatMap { ["--proxy", "\($0)"] }
    }

    /// Starts a gateway that outlives us and writes its process id to `pidFile`.
    /// - Parameters:
    ///   - listener: Becomes its descriptor 0: the port is ours from the start, and nobody can take it in between.
    ///   - log: Gets why it could not start.
    func start(
        _ listener: TCPListener, tokens: String, pidFile: String, log: String
    ) async throws(MachineError) -> ProcessHandle {
        try await MachineError.translating { () async throws(ProcessError) in
            Files.remove(log)
            let process = try await DetachedProcess.start(
                path, arguments(tokens: tokens), standardInput: listener.descriptor, log: log, package: "qwd")
            do throws(ProcessError) {
                try Files.write("\(process.pid)\n", to: pidFile)
            } catch {
                // Nobody could end it any more.
                _ = await process.kill()
                throw error
            }
            return process
        }
    }
}
