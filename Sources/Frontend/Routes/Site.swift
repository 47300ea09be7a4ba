import Secrets
import Domain
import FoundationEssentials
import Logging
import Queue

/// What all routes work with.
struct Site: Sendable {
    let queue: JobQueue
    let secret: ServiceSecret
    let options: FrontendOptions
    let pages: Pages
    let hub: StatusHub
    let counters = RequestCounters()
    let shelf: MachineShelf
    let rows: RowShelf
    /// Nil where nobody signs in.
    let desk: SignInDesk?
    /// Whether mails can be sent.
    let hasMail: Bool

    init(
        queue: JobQueue, secret: ServiceSecret, options: FrontendOptions, reliance: Reliance?, hasMail: Bool
    ) throws {
        self.queue = queue
        self.secret = secret
        self.options = options
        pages = try Pages(options: options)
        self.hasMail = hasMail
        desk = reliance.map {
            SignInDesk(
                chain: $0.chain, logins: $0.logins, options: $0.options, queue: queue, secret: secret, hasMail: hasMail)
        }
        hub = StatusHub(queue: queue)
        shelf = MachineShelf(queue: queue, lease: options.lease)
        rows = RowShelf(queue: queue, pages: pages)
    }

    /// The address that opens a session's desktop, while it can be opened.
    func connectURL(of session: Session) -> String? {
        guard session.isOpen else { return nil }
        var base = options.displayURL.isEmpty ? session.displayURL ?? "" : options.displayURL
        while base.hasSuffix("/") { base.removeLast() }
        if base.isEmpty { return nil }
        return DisplayLink.url(
            base: base, token: secret.token(session: session.id, fence: session.fence), port: session.displayPort)
    }

    /// Milliseconds since the epoch, to show how long something lasts. Nothing is decided by it.
    static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
}
