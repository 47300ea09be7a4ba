import HTTPTypes
import Hummingbird
import Logging

/// Counts every request and logs one line of it at debug: no query, no body, no address that names a session's display.
struct AccessLog: RouterMiddleware {
    typealias Context = FrontendContext

    let counters: RequestCounters

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let duration = start.duration(to: .now)
        let route = context.endpointPath ?? "NotFound"
        counters.add(
            .init(method: Self.known(request.method), route: route, status: response.status.code), took: duration)
        context.logger.debug(
            "request",
            metadata: [
                "http.method": "\(request.method)", "http.route": "\(route)", "http.status": "\(response.status.code)",
                "http.ms": "\(duration / .milliseconds(1))",
            ])
        return response
    }

    /// Whoever invents methods does not get a counter for each.
    private static func known(_ method: HTTPRequest.Method) -> String {
        [.get, .head, .post].contains(method) ? method.rawValue : "other"
    }
}
