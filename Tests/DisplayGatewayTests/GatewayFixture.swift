import Certificates
@testable import DisplayGateway
import Domain
import Foundation
import Logging
import NIOCore
import NIOPosix
import Processes

/// A gateway on a port of its own, and the sockets of displays behind it, whose machine's side the test plays.
final class GatewayFixture: Sendable {
    let directory: String
    let port: Int
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let listeners: [String: Descriptor]

    /// Tokens of the displays that there are.
    static let tokens = ["a", "b"].map { String(repeating: $0, count: 43) }
    var token: String { Self.tokens[0] }

    /// Nobody listens at the display any more, though it has its name.
    func endDisplay(_ token: String) { if let listener = listeners[token] { Glibc.close(listener.take()) } }

    init(_ change: (inout GatewayOptions) throws -> Void = { _ in }) async throws {
        var template = Array("/tmp/qwd-gw-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw ProcessError(.system, "mkdtemp: errno \(errno)") }
        directory = String(cString: made)
        try Files.makeDirectory("\(directory)/tokens")
        var listeners: [String: Descriptor] = [:]
        for token in Self.tokens {
            let socket = "\(directory)/\(token.prefix(1)).sock"
            let listener = try UnixSocket.listen(at: socket)
            // QEMU's queue has one place.
            Glibc.listen(listener.number, 1)
            listeners[token] = listener
            try Files.link("\(directory)/tokens/\(token)", toSocket: socket, for: nil)
        }
        self.listeners = listeners
        var options = GatewayOptions(tokens: "\(directory)/tokens")
        try change(&options)
        let listener = try TCPListener(host: "127.0.0.1", port: 0)
        port = listener.port
        let viewers = try UnixSocket.listen(at: "\(directory)/viewers.sock")
        _ = try await DisplayGateway.listen(
            descriptor: listener.descriptor.take(), viewers: viewers.take(), options: options, group: group,
            logger: Logger(label: "test"))
    }

    func close() async throws {
        try await group.shutdownGracefully()
        Files.remove(directory)
    }

    /// Soon enough for a person, late enough for a busy machine.
    static var soon: Peer.Deadline { .now + .seconds(10) }

    func connect() throws -> Peer { try Peer.connect(port: port) }

    /// What a worker hears.
    func worker() throws -> Peer { Peer(try UnixSocket.connect(to: "\(directory)/viewers.sock").take()) }

    /// Sends a request and answers all that comes, until the gateway ends the connection.
    func answer(_ request: String) throws -> String {
        let peer = try connect()
        try peer.write(Array(request.utf8))
        return try peer.rest()
    }

    /// The head of an upgrade.
    /// - Parameter changes: Fields that are other than usual, or nil for one that is not there.
    static func upgrade(
        _ token: String, path: String = "/display", _ changes: [String: String?] = [:], extra: [String] = []
    ) -> String {
        var fields: [(String, String?)] = [
            ("Host", "127.0.0.1:6080"), ("Upgrade", "websocket"), ("Connection", "keep-alive, Upgrade"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Protocol", "binary, \(token)"),
        ]
        for (name, value) in changes {
            if let place = fields.firstIndex(where: { $0.0 == name }) {
                fields[place].1 = value
            } else {
                fields.append((name, value))
            }
        }
        let lines = fields.compactMap { name, value in value.map { "\(name): \($0)" } } + extra
        return (["GET \(path) HTTP/1.1"] + lines + ["", ""]).joined(separator: "\r\n")
    }

    /// A viewer that was let in, and the machine's side of its display.
    func open(_ token: String? = nil, extra: [String] = []) throws -> (viewer: Peer, display: Peer) {
        let token = token ?? self.token
        let viewer = try connect()
        try viewer.write(Array(Self.upgrade(token, extra: extra).utf8))
        let head = try viewer.head()
        guard head.hasPrefix("HTTP/1.1 101 ") else { throw Peer.Failure.unexpected(head) }
        return (viewer, try takeViewer(token))
    }

    /// The machine's side of the next viewer.
    func takeViewer(_ token: String? = nil) throws -> Peer {
        guard let listener = listeners[token ?? self.token] else { throw Peer.Failure.unexpected("the token") }
        return try Peer.take(from: listener)
    }
}

/// A certificate that nobody trusts.
struct ThrowAwayCertificate {
    let files: CertificateFiles

    /// - Parameter directory: Gets its files.
    init(in directory: String) throws {
        files = CertificateFiles(chain: "\(directory)/chain.pem", key: "\(directory)/key.pem")
        let openssl = try Process.run(
            URL(filePath: "/usr/bin/openssl"),
            arguments: [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=display", "-keyout", files.key, "-out", files.chain,
            ])
        openssl.waitUntilExit()
    }
}
