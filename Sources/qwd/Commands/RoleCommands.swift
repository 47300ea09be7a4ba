import ArgumentParser
import Processes
import Queue
import Redis
import ServiceLifecycle
import Settings

/// The web pages alone.
struct FrontendRole: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "frontend", abstract: "Run the web pages.")

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await runRole(common) { roles, queue in try roles.frontend(queue) }
    }
}

/// A worker alone.
struct WorkerRole: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "worker", abstract: "Run this host's machines.")

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await runRole(common) { roles, queue in try await roles.worker(queue) }
    }
}

/// A scheduler alone.
struct SchedulerRole: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scheduler", abstract: "Emit what is due; of several schedulers one leads.")

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await runRole(common) { roles, queue in try await roles.scheduler(queue) }
    }
}

private func runRole(_ common: CommonOptions, _ make: (Roles, JobQueue) async throws -> any Service) async throws {
    let settings = try common.settings()
    let roles = Roles(settings: settings, logger: Logs.logger(settings))
    try Files.makeOwnDirectory(settings.runtimeDir)
    let client = RedisClient(address: try Connection.address(settings), logger: roles.logger)
    let queue = JobQueue(redis: client)
    try await roles.run([client, try await SharedSecret.checked(queue, roles), try await make(roles, queue)])
}
