import Domain
import FoundationEssentials
import Hummingbird
import Logging
import Queue
import Secrets

/// What all routes work with.
///
/// A class, because an asynchronous function that works with a value of such size keeps copies of it in its frame for as
/// long as it runs, and streams run for hours.
final class FrontendServices: Sendable {
    let queue: JobQueue
    let secret: ServiceSecret
    let options: FrontendOptions
    let pages: Pages
    let noVNC: NoVNCFiles
    let hub: StatusHub
    let counters = RequestCounters()
    let connections: ConnectionTable
    /// All hosts, the live sessions by state, and the places in the queue: for everybody alike, so asked for once.
    let hosts: Cached<[Host]>
    let states: Cached<[SessionState: Int]>
    let places: Cached<[String: Int]>
    let placements: PlacementCache
    let offers: OfferCache
    let rows: SessionRowCache
    /// Whether the queue does its work.
    let readiness: Cached<Void>
    /// Nil where nobody signs in.
    let signInService: SignInService?
    /// Whether mails can be sent.
    let hasMail: Bool

    init(
        queue: JobQueue, secret: ServiceSecret, options: FrontendOptions, dependencies: SignInDependencies?,
        hasMail: Bool,
        logger: Logger
    ) throws {
        self.queue = queue
        self.secret = secret
        self.options = options
        connections = ConnectionTable(limits: options.connections, proxies: options.proxies, logger: logger)
        noVNC = NoVNCFiles(directory: options.noVNC)
        let base = SiteURL(publicURL: options.publicURL).base
        pages = try Pages(options: options, noVNC: noVNC.address(base: base))
        self.hasMail = hasMail
        signInService = dependencies.map {
            SignInService(
                chain: $0.chain, logins: $0.logins, options: $0.options, queue: queue, secret: secret, hasMail: hasMail)
        }
        let (lease, freshness) = (options.lease, options.freshness)
        let hosts = Cached(life: freshness) { () throws(QueueError) in try await queue.hosts(lease: lease) }
        let places = Cached(life: freshness) { () throws(QueueError) in
            let jobs = try await queue.waitingJobs()
            return Dictionary(zip(jobs, 1...), uniquingKeysWith: { first, _ in first })
        }
        self.hosts = hosts
        self.places = places
        states = Cached(life: freshness) { () throws(QueueError) in try await queue.stateCounts() }
        placements = PlacementCache(queue: queue, limits: options.limits, lease: lease, freshness: freshness)
        offers = OfferCache(queue: queue, hosts: hosts, lease: lease, freshness: freshness)
        rows = SessionRowCache(queue: queue, pages: pages)
        readiness = Cached(life: freshness) { () throws(QueueError) in try await queue.probe() }
        hub = StatusHub(queue: queue, rows: rows, limits: options.connections)
    }

    /// The hosts with that of a session, which may run on one that came up this very moment.
    func hosts(with session: Session) async throws(QueueError) -> [Host] {
        let known = try await hosts.value()
        let isThere = !session.isOpen || known.contains { $0.id == session.host && !$0.status.displayURL.isEmpty }
        return isThere ? known : try await hosts.fresh()
    }

    /// The place of a session in the queue, counted from 1, or nil if it does not wait.
    func place(of session: Session) async throws(QueueError) -> Int? {
        guard session.state == .queued, let job = session.job else { return nil }
        return try await places.value()[job.text]
    }

    /// Why a session that waits can't start at the moment.
    func wait(of request: SessionRequest) async throws(QueueError) -> WaitReason {
        WaitReason(
            blocker: try await placements.placement(of: request).blocker,
            notices: try await hosts.value().filter { $0.alive && !$0.status.notice.isEmpty }
                .map { "\($0.name): \($0.status.notice)" })
    }

    /// The link that opens a session's desktop, while it can be opened.
    /// - Parameter request: Says where we are if no public URL does; without one it is where we listen.
    func connectURL(of session: Session, for request: Request?, secure: Bool = false) -> String? {
        guard displayURL(of: session) != nil else { return nil }
        let path = DisplayLink.path(session.id)
        let page = request.flatMap { pages.address.url(path, for: $0, secure: secure) }
        let scheme = options.tls ? "https" : "http"
        let host = options.listenHost.contains(":") ? "[\(options.listenHost)]" : options.listenHost
        let origin = pages.address.origin ?? "\(scheme)://\(host):\(options.listenPort)"
        let known = page ?? "\(origin)\(pages.address.base)\(path)"
        return "\(known)#\(token(of: session))"
    }

    /// The WebSocket of a session's display, at its own host, while it can be opened.
    func displayURL(of session: Session) -> String? {
        session.isOpen ? session.displayURL.flatMap { DisplayLink.webSocket(base: $0) } : nil
    }

    /// Where the exchange folder of a session is reached, while it is there, and by which token.
    /// - Parameter hosts: Those of now; the session keeps the address of its start.
    func files(of session: Session, hosts: [Host]) -> (display: String, token: String)? {
        guard session.startedAt != nil,
            session.folders.contains(where: { $0.tag == ExchangeFolder.tag && $0.problem == nil }),
            let display = hosts.first(where: { $0.id == session.host }).flatMap({
                DisplayLink.webSocket(base: $0.status.displayURL)
            })
        else { return nil }
        if let ended = session.endedAt, Self.now() - ended > Int64(options.filesKept) * 1000 { return nil }
        return (display, secret.fileToken(session: session.id))
    }

    /// The host that alone can open a session's display, as its address says, if this request comes from elsewhere.
    func onlyHostOfDisplay(_ session: Session, for request: Request) -> String? {
        guard let display = displayURL(of: session).flatMap({ URLParts($0) })?.authority, display.leadsOnlyHere,
            let page = request.head.authority.flatMap({ Authority($0) }), !page.leadsOnlyHere
        else { return nil }
        return session.hostName ?? display.hostText
    }

    /// Longest body of a request of somebody. Strangers get no room for scripts.
    func longestBody(_ currentUser: CurrentUser) -> Int {
        currentUser.mayGiveScript(options.scriptsFromForm)
            ? FrontendContext.longestBodyWithScript : FrontendContext.longestBody
    }

    /// What opens a session's display.
    func token(of session: Session) -> String { secret.token(session: session.id, fence: session.fence) }

    /// Milliseconds since the epoch, to show how long something lasts. Nothing is decided by it.
    static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
}
