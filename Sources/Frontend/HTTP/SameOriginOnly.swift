import HTTPTypes
import Hummingbird

/// Refuses requests that change something and come from another site's page.
struct SameOriginOnly: RouterMiddleware {
    typealias Context = FrontendContext

    let address: PublicAddress

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard [.get, .head].contains(request.method) || address.isSameOrigin(request) else {
            throw FrontendError(code: .crossSite)
        }
        return try await next(request, context)
    }
}
