package import DisplayAccess
package import Hummingbird
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
    private let secret: DisplaySecret
    private let options: FrontendOptions
    private let logger: Logger

    package init(queue: JobQueue, secret: DisplaySecret, options: FrontendOptions, logger: Logger) {
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
        let site = try Site(queue: queue, secret: secret, options: options)
        let logger = logger
        return Application(
            router: Self.router(for: site),
            // A connection that neither sends nor gets anything for two minutes is nobody's any more.
            server: .http1(configuration: .init(idleTimeout: .seconds(120))),
            configuration: .init(
                address: .hostname(options.listenHost, port: options.listenPort), serverName: nil, reuseAddress: true),
            services: [site.hub],
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
        router.add(middleware: SecurityHeaders())
        router.add(middleware: Explanations(pages: site.pages))
        router.add(middleware: SameOriginOnly(address: site.pages.address))
        FormRoutes(site: site).add(to: router)
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
