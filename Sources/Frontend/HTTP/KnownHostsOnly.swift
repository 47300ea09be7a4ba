import Domain
import HTTPTypes
import Hummingbird
import Logging
import Synchronization

/// Refuses requests for another name than ours with 421 (RFC 9110 15.5.20), and says what to set if it should be ours.
struct KnownHostsOnly: RouterMiddleware {
    typealias Context = FrontendContext

    let hosts: KnownHosts
    let publicURL: String
    private let told = ToldHosts()

    init(hosts: KnownHosts, publicURL: String) {
        self.hosts = hosts
        self.publicURL = publicURL
    }

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        // None is a health check by HTTP/1.0: all others had to name a host to get here.
        guard let text = request.head.authority else { return try await next(request, context) }
        guard let authority = Authority(text) else { return .plain("No valid Host.\n", status: .badRequest) }
        if hosts.contains(authority) { return try await next(request, context) }
        let now = publicURL.isEmpty ? "it is not set" : "it is \(publicURL)"
        if told.isNews(authority.host) {
            context.logger.warning(
                "A request named a host that is not ours",
                metadata: [
                    "http.host": "\(authority)",
                    "advice": "if people reach this service by that name, set frontend.public_url; now \(now)",
                ])
        }
        return .plain(
            """
            421: this service is not \(authority).
            Use its address, or the name that it was given. If people reach it by \(authority), perhaps through a proxy, \
            an administrator sets frontend.public_url to http://\(authority) or https://\(authority) (now \(now)).

            """, status: .misdirectedRequest)
    }
}

/// Which names were logged within the last minute. Whoever invents names gets one line for all beyond the first hundred.
final class ToldHosts: Sendable {
    private static let most = 100
    private let told = Mutex<[Authority.Host?: ContinuousClock.Instant]>([:])

    func isNews(_ host: Authority.Host, at now: ContinuousClock.Instant = .now) -> Bool {
        told.withLock { told in
            if let last = told[host], last.duration(to: now) < .seconds(60) { return false }
            if told.count >= Self.most { told = told.filter { $0.value.duration(to: now) < .seconds(60) } }
            let host = told.count < Self.most ? host : nil
            if let last = told[host], last.duration(to: now) < .seconds(60) { return false }
            told[host] = now
            return true
        }
    }
}
