import Synchronization

/// How many requests each route answered, and how long it took.
final class RequestCounters: Sendable {
    struct Key: Sendable, Hashable {
        var method: String
        /// The path's template, never the path: a template names no session.
        var route: String
        var status: Int
    }

    struct Count: Sendable, Hashable {
        var requests = 0
        var seconds = 0.0
    }

    private let counts = Mutex<[Key: Count]>([:])

    func add(_ key: Key, took duration: Duration) {
        let parts = duration.components
        counts.withLock {
            $0[key, default: Count()].requests += 1
            $0[key, default: Count()].seconds += Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
        }
    }

    var all: [(key: Key, count: Count)] {
        counts.withLock { $0.map { ($0.key, $0.value) } }.sorted {
            ($0.key.route, $0.key.method, $0.key.status) < ($1.key.route, $1.key.method, $1.key.status)
        }
    }
}
