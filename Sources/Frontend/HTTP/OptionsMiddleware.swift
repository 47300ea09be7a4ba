import HTTPTypes
import Hummingbird

/// Answers what may be asked here at all (RFC 9110 9.3.7), which some proxies ask to see whether a server lives.
struct OptionsMiddleware: RouterMiddleware {
    typealias Context = FrontendContext

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard request.method == .options else { return try await next(request, context) }
        return Response(status: .noContent, headers: [.allow: "GET, HEAD, POST, OPTIONS"])
    }
}
