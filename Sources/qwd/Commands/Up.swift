import ArgumentParser
import Logging
import Machines
import Processes
import Queue
import Redis
import ServiceLifecycle
import Settings

/// Everything on one machine, in one process.
struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Run everything on this machine: pages, worker, scheduler, and a Redis of its own if none is configured.")

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let settings = try common.settings()
        let roles = Roles(settings: settings, logger: Logs.logger(settings))
        var services: [any Service] = []
        try Files.makeOwnDirectory(settings.runtimeDir)
        try Files.makeOwnDirectory(settings.stateDir)
        // Refuse what can't work before anything is started.
        if let problem = settings.signInProblem { throw Failure(.badConfiguration, problem) }
        // Before a Redis is touched that may be another one's.
        let lock = try DirectoryLock(
            [settings.runtimeDir, settings.stateDir].map { "\($0)/up.lock" }, owner: "'qwd up'",
            advice: "give this one its own worker.name, runtime_dir and state_dir")
        defer { lock.release() }
        let link = try common.config.map { try ServiceLink(to: $0) }
        defer { link?.remove() }
        if let link, let other = link.other, let config = common.config {
            Console.say("qwd: commands reach the service of \(other); for this one: qwd --config \(config) and so on")
        }
        let redis = settings.redis.url == nil ? PrivateRedis(settings: settings, logger: roles.logger) : nil
        if let redis {
            do { try await redis.start() } catch { throw Failure(.unavailable, "\(error)") }
            services.append(redis)
        } else if let ballast = RedisBallast(besideServiceOf: settings, logger: roles.logger) {
            services.append(ballast)
        }
        let client = RedisClient(address: try Connection.address(settings), logger: roles.logger)
        let queue = JobQueue(redis: client)
        let reload = ConfigurationReload(
            settings: settings, manager: ServiceManager(), role: "pages, machines and the queue", logger: roles.logger
        ) { [common] () throws(Failure) in
            let new = Roles(settings: try common.settings(), logger: roles.logger)
            try new.checkReload(from: settings, pages: queue)
            return new.settings
        }
        let report = ServiceReport(redis: client, reload: reload, isReadyAtStart: false)
        // If this refuses, its Redis stays: there the secret of before can be forgotten.
        services += [client, try await SharedSecret.checked(queue, roles)]
        do {
            services += [
                try await roles.worker(queue), try await roles.scheduler(queue),
                try roles.frontend(queue) { port in
                    Console.say("qwd: open \(settings.pagesURL(port: port))/")
                    report.ready()
                },
                report,
            ]
        } catch {
            // Nobody would look after it.
            await redis?.stop()
            throw error
        }
        try await roles.run(services, reload: reload)
        let paths = HostPaths(runtime: settings.runtimeDir, state: settings.stateDir)
        let living = Files.names(in: paths.sessions).count
        if living > 0 {
            Console.say(
                "qwd: \(living) of its desktops run on. Started again it looks after them; 'qwd stop --all' ends them then."
            )
        }
    }
}
