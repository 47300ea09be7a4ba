package import Secrets
package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
package import Queue
import ServiceLifecycle

/// The web pages and the HTTP interface: the form, a session's page, the manage page.
///
/// It keeps nothing: everything it shows is in Redis, and every change goes through the queue. It may be ended and
/// started again at any time, and any number of them may run.
package struct Frontend: Service {
    private let queue: JobQueue
    private let secret: ServiceSecret
    private let options: FrontendOptions
    private let reliance: Reliance?
    private let post: PostOffice?
    private let certificate: Certificate?
    private let logger: Logger

    /// - Parameters:
    ///   - reliance: How people sign in; nil lets everybody do everything under the name they give.
    ///   - post: Sends mails; nil sends none.
    ///   - certificate: For TLS; nil serves without.
    package init(
        queue: JobQueue, secret: ServiceSecret, options: FrontendOptions, reliance: Reliance? = nil,
        post: PostOffice? = nil, certificate: Certificate? = nil, logger: Logger
    ) {
        self.reliance = reliance
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
            try await application().run()
        } catch let error where error is IOError || error is SocketAddressError {
            throw FrontendStartError(address: "\(options.listenHost):\(options.listenPort)", cause: error)
        }
    }

    /// The server as a service.
    /// - Parameter onRunning: Called with the port once it listens.
    package func application(
        onRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) throws -> some ApplicationProtocol {
        let site = try Site(
            queue: queue, secret: secret, options: options, reliance: reliance, hasMail: post != nil,
            logger: logger)
        if site.noVNC.isMissing {
            logger.error(
                "no noVNC: desktops can't be shown. Install it (apt-get install novnc) or set display.novnc",
                metadata: ["display.novnc": "\(options.noVNC)"])
        }
        var services: [any Service] = [site.hub, site.connections]
        if let post { services.append(Mailer(site: site, post: post, logger: logger)) }
        if let certificate { services.append(certificate) }
        let logger = logger
        return Application(
            router: Self.router(for: site),
            server: server(site.connections),
            // Whoever knocks while many do should not have to knock again. The system allows 4096 (listen(2)).
            configuration: .init(
                address: .hostname(options.listenHost, port: options.listenPort), serverName: nil, backlog: 4096,
                reuseAddress: true),
            services: services,
            onServerRunning: { channel in
                // Without it a lack of descriptors, or a client that is gone before it is accepted, ends the server.
                await Self.keepAccepting(channel, logger)
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

    /// Goes on after an error of accept(2) that passes: a lack of descriptors, or a client that has gone already. Without
    /// this such an error ends the server, and with it every role of this process.
    private static func keepAccepting(_ channel: any Channel, _ logger: Logger) async {
        do {
            try await channel.eventLoop.submit {
                try channel.pipeline.syncOperations.addHandler(
                    AcceptBackoffHandler(shouldForwardIOErrorCaught: false), position: .first)
            }.get()
        } catch {
            logger.error("The listener can't be guarded", metadata: ["error": "\(error)"])
        }
    }

    static func router(for site: Site) -> Router<FrontendContext> {
        let router = Router(context: FrontendContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: AccessLog(counters: site.counters))
        router.add(middleware: SecurityHeaders(isSecure: site.options.tls || site.pages.address.isSecure))
        router.add(middleware: Explanations(pages: site.pages))
        router.add(
            middleware: KnownHostsOnly(
                hosts: KnownHosts(
                    publicAddress: site.pages.address, listenHost: site.options.listenHost,
                    listenPort: site.options.listenPort), publicURL: site.options.publicURL))
        router.add(
            middleware: ClientMiddleware(
                proxies: site.options.proxies, monitoring: site.options.monitoring,
                most: site.options.connections.perAddress))
        router.add(middleware: SameOriginOnly(address: site.pages.address))
        router.add(middleware: Reception(site: site))
        let creation = Creation(site: site)
        let signIn = site.desk.map { SignInRoutes(site: site, desk: $0, creation: creation) }
        signIn?.add(to: router)
        FormRoutes(site: site, creation: creation, signIn: signIn).add(to: router)
        SessionRoutes(site: site).add(to: router)
        DisplayRoutes(site: site).add(to: router)
        ManageRoutes(site: site).add(to: router)
        PlacementRoutes(site: site).add(to: router)
        ServiceRoutes(site: site).add(to: router)
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
