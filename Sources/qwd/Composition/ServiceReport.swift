import Redis
import ServiceLifecycle

/// Tells systemd that a service is ready, that it lives, and in words how it is: a service that waits for its Redis is ready to work as
/// soon as that is there, and says so.
struct ServiceReport: Service {
    let redis: RedisClient
    /// Takes a changed configuration.
    let reload: ConfigurationReload
    /// Whether it is ready at once; the pages are when they listen.
    let isReadyAtStart: Bool

    private var manager: ServiceManager { reload.manager }
    private var role: String { reload.role }

    private static let interval = Duration.seconds(10)

    func ready() { manager.tell("READY=1", "STATUS=\(role)") }

    func run() async throws {
        if isReadyAtStart { ready() }
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await beat() }
                group.addTask { await tellStatus() }
            }
        }
        // systemd would wait for the end of a process that begins anew.
        if !reload.isDue { manager.tell("STOPPING=1") }
    }

    /// A sign of life comes from where all work is done: threads that hang give none.
    private func beat() async {
        guard let watchdog = manager.watchdog else { return }
        while !Task.isCancelled {
            manager.tell("WATCHDOG=1")
            try? await Task.sleep(for: watchdog)
        }
    }

    private func tellStatus() async {
        var said = ""
        while !Task.isCancelled {
            // What is looked at is Redis, which tells nobody that it is back.
            try? await Task.sleep(for: Self.interval)
            var status = role
            do throws(RedisError) { _ = try await redis.send(["PING"]) } catch { status = "waits for Redis: \(error)" }
            if status != said, !Task.isCancelled { manager.tell("STATUS=\(status)") }
            said = status
        }
    }
}
