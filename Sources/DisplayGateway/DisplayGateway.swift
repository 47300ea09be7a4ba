import Certificates
package import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Carries displays from their VNC sockets to browsers, by WebSocket (RFC 6455), to whoever shows a display's token.
///
/// A request is `GET` with the sub-protocols `binary` and the token, in either order; its path means nothing. Until it
/// has shown a token that is in the directory, a connection costs one descriptor and its few bytes, for at most ten
/// seconds; no process is made for anybody. The gateway keeps nothing, and never says or writes a token.
///
/// It is no web server (pages and noVNC's files come from the frontend), knows no Redis, and ends no session.
package enum DisplayGateway {
    /// Serves on sockets that listen already, for ever.
    /// - Parameters:
    ///   - descriptor: For viewers.
    ///   - viewers: A Unix socket for the worker, which is told who looks at what; nil tells nobody.
    package static func serve(
        descriptor: CInt, viewers: CInt?, options: GatewayOptions, logger: Logger
    ) async throws {
        // One thread is enough to fill a fast network, and its buffers are the only ones there are.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let channel = try await listen(
            descriptor: descriptor, viewers: viewers, options: options, group: group, logger: logger)
        try await channel.closeFuture.get()
    }

    static func listen(
        descriptor: CInt, viewers: CInt?, options: GatewayOptions, group: MultiThreadedEventLoopGroup, logger: Logger
    ) async throws -> any Channel {
        let report = ViewerReport(tokens: options.tokens)
        if let viewers { _ = try await report.listen(descriptor: viewers, group: group) }
        let admissions = Admissions(options: options, report: report)
        let certificate = try options.certificate.map { try GatewayCertificate($0, logger: logger) }
        return try await ServerBootstrap(group: group)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // The kernel holds at most so much for a viewer who does not read, and gives up on one who is gone.
            .childChannelOption(.tcpOption(notSentLowWater), value: 128 << 10)
            .childChannelOption(.tcpOption(userTimeout), value: 60_000)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 16 << 10))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let id = admissions.admit(channel) else { throw ChannelError.eof }
                    channel.closeFuture.whenComplete { _ in admissions.remove(id) }
                    let pipeline = channel.pipeline.syncOperations
                    if let context = certificate?.current() {
                        try pipeline.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try pipeline.addHandler(Doorkeeper(options: options, admissions: admissions, id: id))
                }
            }
            .withBoundSocket(descriptor).get()
    }

    /// TCP_NOTSENT_LOWAT and TCP_USER_TIMEOUT of linux/tcp.h.
    private static let notSentLowWater = NIOBSDSocket.Option(rawValue: 25)
    private static let userTimeout = NIOBSDSocket.Option(rawValue: 18)
}

/// The certificate of the displays. A new one in the files is taken for the connections that come then; one that can't be
/// read changes nothing.
final class GatewayCertificate: Sendable {
    private struct State {
        var context: NIOSSLContext
        var stamps: [FileStamp]
        var looked = NIODeadline.now()
    }

    private static let protocols = ["http/1.1"]
    private let files: CertificateFiles
    private let logger: Logger
    private let state: Mutex<State>

    init(_ files: CertificateFiles, logger: Logger) throws(CertificateError) {
        self.files = files
        self.logger = logger
        let stamps = files.stamps
        state = Mutex(State(context: try files.context(protocols: Self.protocols), stamps: stamps))
    }

    func current() -> NIOSSLContext {
        state.withLock { state in
            // Two calls of the kernel a second, however many connect.
            guard NIODeadline.now() - state.looked >= .seconds(1) else { return state.context }
            state.looked = .now()
            let stamps = files.stamps
            guard stamps != state.stamps else { return state.context }
            state.stamps = stamps
            do throws(CertificateError) {
                state.context = try files.context(protocols: Self.protocols)
            } catch {
                logger.error("certificate not taken, the old one stays", metadata: ["error": "\(error)"])
            }
            return state.context
        }
    }
}
