import Domain
import Queue
import Redis
import Testing

extension Farm {
    /// Tells whether anything differs: Redis' digest of all keys and values.
    func digest() async throws -> String? {
        try await redis.send(["DEBUG", "DIGEST"]).string
    }

    func field(_ key: String, _ name: String) async throws -> String? {
        try await redis.send(["HGET", key, name]).string
    }

    func members(_ key: String) async throws -> [String] {
        try await redis.send(["SORT", key, "ALPHA"]).array?.compactMap(\.string) ?? []
    }

    func exists(_ key: String) async throws -> Bool {
        try await redis.send(["EXISTS", key]).integer == 1
    }

    /// Takes a marker that would wake a worker of the host, if there is one.
    func wakes(_ host: String = "h1", creates: Bool = true) async throws -> Bool {
        for key in ["qwd:wake:host:\(host)"] + (creates ? ["qwd:wake:create:\(host)"] : [])
        where try await redis.send(["ZPOPMIN", key]).array?.isEmpty == false {
            return true
        }
        return false
    }

    /// Why a session of one processor can't run on a host now, or that it can.
    func verdict(_ host: String = "h1", _ request: SessionRequest = .sample()) async throws -> Placement.Verdict? {
        try await queue.place(request, limits: .none, lease: Self.lease).hosts.first { $0.host == host }?.verdict
    }

    /// Takes all markers away.
    func quiet(_ host: String = "h1") async throws {
        _ = try await redis.send(["DEL", "qwd:wake:host:\(host)", "qwd:wake:create:\(host)"])
    }
}

/// The code of the error that the body throws, or nil if it returns.
func code(_ body: () async throws(QueueError) -> Void) async -> QueueError.Code? {
    do throws(QueueError) {
        try await body()
        return nil
    } catch {
        return error.code
    }
}
