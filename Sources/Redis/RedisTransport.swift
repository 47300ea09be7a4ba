internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// Opens the sockets of one client.
final class RedisTransport: Sendable {
    let address: RedisAddress
    /// How long the server may take to accept a connection, or to answer a command.
    let timeout: TimeAmount
    private let tls = Mutex<NIOSSLContext?>(nil)

    init(address: RedisAddress, timeout: Duration) {
        self.address = address
        self.timeout = TimeAmount(timeout)
    }

    func connect(on eventLoop: any EventLoop, handler: NIOLoopBoundBox<RedisChannelHandler>) -> EventLoopFuture<
        any Channel
    > {
        let bootstrap = ClientBootstrap(group: eventLoop).connectTimeout(timeout)
        switch address.endpoint {
        case .unixSocket(let path):
            return bootstrap.channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handler.value) }
            }.connect(unixDomainSocketPath: path)
        case .tcp(let host, let port):
            return bootstrap.channelOption(.socketOption(.so_keepalive), value: 1).channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handler.value) }
            }.connect(host: host, port: port)
        case .tls(let host, let port, let files):
            return bootstrap.channelOption(.socketOption(.so_keepalive), value: 1).channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let security = try self.securityHandler(host: host, files: files)
                    try channel.pipeline.syncOperations.addHandlers(security, handler.value)
                }
            }.connect(host: host, port: port)
        }
    }

    private func securityHandler(host: String, files: RedisAddress.TLSFiles) throws -> NIOSSLClientHandler {
        let context = try tls.withLock { context in
            if let context { return context }
            var configuration = TLSConfiguration.makeClientConfiguration()
            if let authority = files.authority { configuration.trustRoots = .file(authority) }
            if let certificate = files.certificate, let key = files.key {
                configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
                configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
            }
            let made = try NIOSSLContext(configuration: configuration)
            context = made
            return made
        }
        // A numeric address is no server name (RFC 6066, 3); it is compared with the certificate all the same.
        let isNumeric = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isNumeric ? nil : host)
    }
}

extension RedisError {
    /// A failed attempt to connect, in words for a person: NIO's own list every address with its numbers.
    init(connecting error: any Error, address: RedisAddress) {
        let reason: String =
            switch error {
            case let error as IOError:
                String(cString: strerror(error.errnoCode))
            case let error as NIOConnectionError where error.connectionErrors.isEmpty:
                (error.dnsAAAAError ?? error.dnsAError).map { "\($0)" } ?? "unknown host"
            case let error as NIOConnectionError:
                error.connectionErrors.first.map { RedisError(connecting: $0.error, address: address).detail } ?? ""
            case ChannelError.connectTimeout:
                "no answer"
            default:
                "\(error)"
            }
        self.init(.unavailable, reason, address: address, cause: error)
    }
}
