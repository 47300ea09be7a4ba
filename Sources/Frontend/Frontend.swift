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
            queue: queue, secret: secret, options: options, reliance: reliance, hasMail: post != nil)
        var services: [any Service] = [site.hub]
        if let post { services.append(Mailer(site: site, post: post, logger: logger)) }
        if let certificate { services.append(certificate) }
        let logger = logger
        return Application(
            router: Self.router(for: site),
            // A connection that neither sends nor gets anything for two minutes is nobody's any more.
            server: certificate.map { $0.server(.init(idleTimeout: .seconds(120))) }
                ?? .http1(configuration: .init(idleTimeout: .seconds(120))),
            configuration: .init(
                address: .hostname(options.listenHost, port: options.listenPort), serverName: nil, reuseAddress: true),
            services: services,
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                logger.notice("Frontend listens", metadata: ["http.port": "\(port)"])
                await onRunning(port)
            },
            logger: logger)
    }

    static func router(for site: Site) -> Router<FrontendContext> {
        let router = Router(context: FrontendContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: AccessLog(counters: site.counters))
        router.add(middleware: SecurityHeaders(isSecure: site.options.tls || site.pages.address.isSecure))
        router.add(middleware: Explanations(pages: site.pages))
        router.add(middleware: SameOriginOnly(address: site.pages.address))
        router.add(middleware: Reception(site: site))
        let creation = Creation(site: site)
        let signIn = site.desk.map { SignInRoutes(site: site, desk: $0, creation: creation) }
        signIn?.add(to: router)
        FormRoutes(site: site, creation: creation, signIn: signIn).add(to: router)
        SessionRoutes(site: site).add(to: router)
        ManageRoutes(site: site).add(to: router)
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
