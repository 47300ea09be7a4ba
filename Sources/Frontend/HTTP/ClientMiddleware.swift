import Domain
import HTTPTypes
import Hummingbird
import Synchronization

/// Finds out whose request it is, and bounds what the clients of a proxy ask at one time: they share the proxy's
/// connections, which have no bound for one address.
struct ClientMiddleware: RouterMiddleware {
    typealias Context = FrontendContext

    let proxies: [IPNetwork]
    let monitoring: [IPNetwork]
    /// Requests at one time.
    let most: Int
    let underWay = ClientCounts()

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var context = context
        let client = ClientAddress.client(
            peer: context.peer, forwardedFor: request.headers[values: .forwardedFor], proxies: proxies)
        context.client = client
        let isForwarded = [.forwardedFor, .forwarded, .via, .forwardedProto, .realIP].contains {
            request.headers[$0] != nil
        }
        let isByProxy = context.peer.map { peer in proxies.contains { $0.contains(peer) } } ?? false
        // What comes by a proxy that nobody named is anybody's, though its peer be one of the list; so is what a named one asks
        // without saying for whom.
        context.isMonitor =
            (isByProxy ? client != context.peer : !isForwarded)
            && (client.map { client in monitoring.contains { $0.contains(client) } } ?? false)
        guard isByProxy, client != context.peer, let key = client?.throttleKey else {
            return try await next(request, context)
        }
        guard underWay.enter(key, most: most) else { throw FrontendError(code: .tooMuchAtOnce) }
        defer { underWay.leave(key) }
        return try await next(request, context)
    }
}

/// How much of something each client has at this moment.
final class ClientCounts: Sendable {
    private let counts = Mutex<(all: Int, byKey: [String: Int])>((0, [:]))

    var all: Int { counts.withLock { $0.all } }

    /// - Returns: False, without counting it, if the client has `most` already, or all together have `mostOfAll`.
    func enter(_ key: String, most: Int, mostOfAll: Int = .max) -> Bool {
        counts.withLock { counts in
            guard counts.all < mostOfAll, counts.byKey[key, default: 0] < most else { return false }
            counts.all += 1
            counts.byKey[key, default: 0] += 1
            return true
        }
    }

    func leave(_ key: String) {
        counts.withLock { counts in
            counts.all -= 1
            let left = counts.byKey[key, default: 1] - 1
            counts.byKey[key] = left > 0 ? left : nil
        }
    }

    func isFull(_ key: String, most: Int, mostOfAll: Int = .max) -> Bool {
        counts.withLock { $0.all >= mostOfAll || $0.byKey[key, default: 0] >= most }
    }
}
