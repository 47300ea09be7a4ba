import Domain
import HTTPTypes
import Hummingbird

/// Refuses what comes from another site's page and changes something, or would listen to what changes here.
struct SameOriginMiddleware: RouterMiddleware {
    typealias Context = FrontendContext

    let address: SiteURL

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let isHarmless = [.get, .head].contains(request.method) && !request.uri.path.hasSuffix("/events")
        guard isHarmless || address.isSameOrigin(request) else {
            throw FrontendError(code: .crossSite, detail: detail(of: request))
        }
        return try await next(request, context)
    }

    /// Who asked and who was asked, for whoever looks after a proxy. Both are shown as what we read of them.
    private func detail(of request: Request) -> String {
        let parts = request.headers[.origin]?.lowercased().split(separator: "://", maxSplits: 1) ?? []
        guard parts.count == 2, let sender = Authority(String(parts[1])),
            let host = request.head.authority.flatMap({ Authority($0) })
        else { return "" }
        return "The request came from a page of \(sender) and asked for \(host)."
    }
}
