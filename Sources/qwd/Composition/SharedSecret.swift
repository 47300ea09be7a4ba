import Queue
import Secrets
import ServiceLifecycle
import Settings

/// Ends a service whose secret is not that of the other hosts: its tokens would open no display, and what its frontend seals or
/// signs would be worth nothing at the others.
struct SharedSecret: Service {
    let queue: JobQueue
    let settings: Settings

    /// The check for a service that starts: before it does anything, or as soon as Redis can be asked.
    /// - Throws: `Failure` if the other hosts have another secret.
    static func checked(_ queue: JobQueue, _ roles: Roles) async throws(Failure) -> SharedSecret {
        let check = SharedSecret(queue: queue, settings: roles.settings)
        try await check.compare()
        return check
    }

    /// What the hosts compare in place of the secret.
    static func mark(_ settings: Settings) throws(Failure) -> String {
        try Roles.secret(settings).mark("secret", for: .farm)
    }

    /// - Returns: False if Redis does not say.
    @discardableResult
    func compare() async throws(Failure) -> Bool {
        let mark = try Self.mark(settings)
        let known: String
        do throws(QueueError) {
            known = try await queue.secretMark(asking: mark)
        } catch {
            guard error.code == .unavailable else { throw Failure(error) }
            return false
        }
        if known == mark { return true }
        let redis = settings.redis.url == nil ? "-s \(PrivateRedis.socket(settings))" : "-u <redis.url>"
        throw Failure(
            .badConfiguration,
            "The secret in \(Roles.secretFile(settings)) is not that of the other hosts of this Redis. "
                + "All of them need the same: copy the file from a host that works (mode 0600). If it was replaced on purpose, "
                + "copy the new one to all hosts, and when no session lives, forget the old one: "
                + "redis-cli \(redis) DEL qwd:secret")
    }

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            // Redis tells nobody that it is there. The pause ends early by a cancellation, and then the loop ends.
            while try await !compare(), !Task.isCancelled { try? await Task.sleep(for: .seconds(1)) }
        }
        // The others go on until they are asked to end; this may throw only that it was cancelled.
        try? await gracefulShutdown()
    }
}
