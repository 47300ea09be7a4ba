package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
package import Queue
package import Secrets
import ServiceLifecycle

/// The web pages and the HTTP interface: the form, a session's page, the manage page.
///
/// It keeps nothing: everything it shows is in Redis, and every change goes through the queue. It may be ended and
/// started again at any time, and any number of them may run.
package struct Frontend: Service {
    private let queue: JobQueue
    private let secret: ServiceSecret
    private let options: FrontendOptions
    private let dependencies: SignInDependencies?
    private let post: MailConfiguration?
    private let certificate: Certificate?
    private let onRunning: @Sendable (_ port: Int) async -> Void
    private let logger: Logger

    /// - Parameters:
    ///   - dependencies: How people sign in; nil lets everybody do everything under the name they give.
    ///   - post: Sends mails; nil sends none.
    ///   - certificate: For TLS; nil serves without.
    ///   - onRunning: Called with the port once it listens.
    package init(
        queue: JobQueue, secret: ServiceSecret, options: FrontendOptions, dependencies: SignInDependencies? = nil,
        post: MailConfiguration? = nil, certificate: Certificate? = nil, logger: Logger,
        onRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) {
        self.onRunning = onRunning
        self.dependencies = dependencies
        self.post = post
        self.certificate = certificate
        self.queue = queue
        self.secret = secret
        self.options = options
        self.logger = logger
    }

    /// Serves until graceful shutdown. Open event streams end at once then.
    /// - Throws: `FrontendStartError` when the address can't be listened on.
    package func run() async throws {
        do {
            try await application(onRunning: onRunning).run()
        } catch let error where error is IOError || error is SocketAddressError {
            throw FrontendStartError(address: "\(options.listenHost):\(options.listenPort)", cause: error)
        }
    }

    /// The server as a service.
    /// - Parameter onRunning: Called with the port once it listens.
    package func application(
        onRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) throws -> some ApplicationProtocol {
        let services = try FrontendServices(
            queue: queue, secret: secret, options: options, dependencies: dependencies, hasMail: post != nil,
            logger: logger)
        if services.noVNC.isMissing {
            logger.error(
                "no noVNC: desktops can't be shown. Install it (apt-get install novnc) or set display.novnc",
                metadata: ["display.novnc": "\(options.noVNC)"])
        }
        var background: [any Service] = [services.hub, services.connections]
        if let post { background.append(Mailer(services: services, post: post, logger: logger)) }
        if let certificate { background.append(certificate) }
        let logger = logger
        return Application(
            responder: OwnTaskResponder(
                base: BasePathResponder(
                    base: Self.router(for: services).buildResponder(), path: services.pages.address.base)),
            server: server(services.connections),
            configuration: .init(
                address: .hostname(options.listenHost, port: options.listenPort), serverName: nil,
                backlog: ConnectionLimits.backlog,
                reuseAddress: true),
            services: background,
            onServerRunning: { channel in
                await Self.keepAccepting(channel, most: services.connections.limits.waiting, logger)
                let port = channel.localAddress?.port ?? 0
                logger.notice("Frontend listens", metadata: ["http.port": "\(port)"])
                await onRunning(port)
            },
            logger: logger)
    }

    /// HTTP, over TLS if there is a certificate, inside the bounds of the table.
    private func server(_ table: ConnectionTable) -> HTTPServerBuilder {
        HTTPServerBuilder { [certificate] responder in
            let channel = HTTP1Channel(responder: responder)
            return certificate.map { GuardedChannel(base: $0.secured(channel), table: table) as any ServerChildChannel }
                ?? GuardedChannel(base: channel, table: table)
        }
    }

    /// Accepts in turns, and goes on after an error of accept(2) that passes: a lack of descriptors, or a client that has
    /// gone already. Without this such an error ends the server, and with it every role of this process.
    private static func keepAccepting(_ channel: any Channel, most: Int, _ logger: Logger) async {
        do {
            try await channel.eventLoop.submit {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(AcceptQueueHandler(most: most), position: .first)
                try pipeline.addHandler(AcceptBackoffHandler(shouldForwardIOErrorCaught: false), position: .first)
            }.get()
            try await channel.setOption(.maxMessagesPerRead, value: UInt(AcceptQueueHandler.perRead)).get()
        } catch {
            logger.error("The listener can't be guarded", metadata: ["error": "\(error)"])
        }
    }

    static func router(for services: FrontendServices) -> Router<FrontendContext> {
        let router = Router(context: FrontendContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: AccessLog(counters: services.counters))
        router.add(middleware: SecurityHeaders(isSecure: services.options.tls || services.pages.address.isSecure))
        router.add(middleware: ErrorMiddleware(services: services))
        router.add(middleware: OptionsMiddleware())
        router.add(
            middleware: KnownHostsOnly(
                hosts: KnownHosts(
                    publicAddress: services.pages.address, listenHost: services.options.listenHost,
                    listenPort: services.options.listenPort), publicURL: services.options.publicURL))
        router.add(
            middleware: ClientMiddleware(
                proxies: services.options.proxies, monitoring: services.options.monitoring,
                most: services.options.connections.perAddress))
        router.add(middleware: SameOriginMiddleware(address: services.pages.address))
        router.add(middleware: AuthenticationMiddleware(services: services))
        router.add(middleware: ErrorMiddleware(services: services))
        let sessionCreator = SessionCreator(services: services)
        let signIn = services.signInService.map {
            SignInRoutes(services: services, signInService: $0, sessionCreator: sessionCreator)
        }
        signIn?.add(to: router)
        FormRoutes(services: services, sessionCreator: sessionCreator, signIn: signIn).add(to: router)
        SessionRoutes(services: services).add(to: router)
        DisplayRoutes(services: services).add(to: router)
        ManageRoutes(services: services).add(to: router)
        PlacementRoutes(services: services).add(to: router)
        ServiceRoutes(services: services).add(to: router)
        return router
    }
}

/// Why the frontend can't start.
package struct FrontendStartError: Error, CustomStringConvertible {
    package var address: String
    package var cause: any Error

    package var description: String {
        "Can't listen on \(address): \(cause). Free the port, or set frontend.listen to another address."
    }
}
