package import Certificates
package import Domain
import Machines
package import Processes

/// Our own program as a display gateway: what it is told, and how it is started.
package struct GatewayProgram: Sendable {
    /// Absolute path of `qwd`.
    package var path: String
    /// As whom it runs; nil where we are not root.
    package var account: Account?
    /// Files in PEM; nil serves without TLS. Only we need to read them.
    package var certificate: CertificateFiles?
    /// Addresses of web pages that may open displays.
    package var origins: [String]
    /// Whether pages at addresses of our own may too.
    package var ownAddresses: Bool
    /// Proxies in front of the displays.
    package var proxies: [IPNetwork]

    package init(
        path: String, certificate: CertificateFiles? = nil, origins: [String] = [],
        ownAddresses: Bool = true, proxies: [IPNetwork] = []
    ) {
        self.path = path
        self.certificate = certificate
        self.origins = origins
        self.ownAddresses = ownAddresses
        self.proxies = proxies
    }

    /// A text that stands in the command line of the gateway for this token directory, and in no other one's.
    static func mark(_ tokens: String) -> String { "--tokens \(tokens) " }

    /// Its own copies of the certificate and the key, in a directory of its own.
    static func copies(in directory: String) -> CertificateFiles {
        CertificateFiles(chain: "\(directory)/certificate.pem", key: "\(directory)/key.pem")
    }

    /// The descriptor that it is given besides the first three.
    private static let viewers = 3

    func arguments(_ paths: HostPaths) -> [String] {
        let copies = Self.copies(in: paths.gatewayCertificates)
        return ["display-gateway", "--tokens", paths.tokens, "--viewers", "\(Self.viewers)"]
            + (ownAddresses ? ["--own-addresses"] : [])
            + (certificate == nil ? [] : ["--certificate", copies.chain, "--key", copies.key])
            + origins.flatMap { ["--origin", $0] } + proxies.flatMap { ["--proxy", "\($0)"] }
    }

    /// It talks to strangers, so it sees the displays' sockets, its certificate, itself and its libraries, and nothing else.
    private func confined(_ paths: HostPaths) -> Program {
        var program = Program.shutIn(path, arguments(paths), account: account)
        program.sandbox?.sharesNetwork = true
        program.sandbox?.readOnly.append(Sandbox.Mount(paths.tokens))
        if certificate != nil { program.sandbox?.readOnly.append(Sandbox.Mount(paths.gatewayCertificates)) }
        return program
    }

    /// Starts a gateway that outlives us and records it.
    /// - Parameters:
    ///   - listener: Becomes its descriptor 0: the port is ours from the start, and nobody can take it in between.
    ///   - viewers: Becomes a descriptor of its own, where it tells who looks at what.
    func start(_ listener: TCPListener, viewers: Descriptor, _ paths: HostPaths) async throws(MachineError)
        -> ProcessHandle
    {
        let program = confined(paths)
        return try await MachineError.translating { () async throws(ProcessError) in
            Files.remove(paths.gatewayLog)
            let process = try await DetachedProcess.start(
                program, standardInput: listener.descriptor, inherited: [viewers], log: paths.gatewayLog)
            do throws(ProcessError) {
                try process.record(in: paths.gatewayPID)
            } catch {
                // Nobody could end it any more.
                _ = await process.kill()
                throw error
            }
            return process
        }
    }
}
