import ArgumentParser
import Certificates
import DisplayGateway
import Domain
import Glibc
import Logging
import Processes

/// What a worker starts on its host for its displays. It outlives the worker, so no viewer notices a restart.
///
/// Nothing in its command line is a secret. It needs the files that this names, the VNC sockets, and nothing else.
struct DisplayGatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "display-gateway", abstract: "Carry displays to browsers; workers start it.", shouldDisplay: false)

    @Option(help: "Directory of tokens, each the VNC socket that it opens.") var tokens: String
    @Option(help: "Descriptor of a socket that listens for the worker, who is told who looks at what.") var viewers:
        Int32?
    @Option(help: "Certificate in PEM, with those it follows from.") var certificate: String?
    @Option(help: "Its private key in PEM.") var key: String?
    @Option(help: "Address of web pages that may open displays.") var origin: [String] = []
    @Flag(help: "Pages at addresses of our own may too.") var ownAddresses = false
    @Option(help: "Address or network of a proxy that is believed.") var proxy: [String] = []

    func run() async throws {
        // It is process 1 of its namespace, which signals without a handler do not reach.
        signal(SIGTERM) { _ in _exit(0) }
        // From here a socket's path is short enough, wherever the directory is (unix(7): 107 bytes).
        guard chdir(tokens) == 0 else { throw Failure(.failed, "\(tokens): \(String(cString: strerror(errno)))") }
        var options = GatewayOptions(
            tokens: ".", origins: OriginRule(origin, ownAddresses: ownAddresses),
            proxies: proxy.compactMap { IPNetwork($0) })
        if let certificate, let key { options.certificate = CertificateFiles(chain: certificate, key: key) }
        // A viewer needs two descriptors: its connection and the VNC socket. Some stay for everything else.
        options.limits.connections = min(options.limits.connections, (DescriptorLimit.current.soft - 64) / 2)
        // Its standard output and error go to one small file.
        let logger = Logger(label: "qwd") { StreamLogHandler.standardError(label: $0) }
        do {
            // Descriptor 0 listens for viewers.
            try await DisplayGateway.serve(
                descriptor: STDIN_FILENO, viewers: viewers, options: options, logger: logger)
        } catch {
            throw Failure(.failed, "\(error)")
        }
    }
}
