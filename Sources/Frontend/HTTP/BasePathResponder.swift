import Hummingbird

/// Takes the path below which a proxy serves us (that of `frontend.public_url`) from the requests of a proxy that keeps it. Those
/// of a proxy that strips it come as they are.
struct BasePathResponder<Base: HTTPResponder>: HTTPResponder {
    let base: Base
    /// `/qwd`, or nothing.
    let path: String

    func respond(to request: Request, context: Base.Context) async throws -> Response {
        guard !path.isEmpty, let target = request.head.path, target.hasPrefix(path) else {
            return try await base.respond(to: request, context: context)
        }
        let rest = target.dropFirst(path.count)
        guard rest.isEmpty || rest.hasPrefix("/") || rest.hasPrefix("?") else {
            return try await base.respond(to: request, context: context)
        }
        var head = request.head
        head.path = rest.hasPrefix("/") ? String(rest) : "/" + rest
        return try await base.respond(to: Request(head: head, body: request.body), context: context)
    }
}
