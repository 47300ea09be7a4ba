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
        try await runRoles(common, "pages", isReadyAtStart: false) { roles, queue, report in
            [try roles.frontend(queue) { _ in report.ready() }]
        }
    }
}

/// A worker alone.
struct WorkerRole: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "worker", abstract: "Run this host's machines.")

    @OptionGroup var common: CommonOptions
    @Option(
        help: ArgumentHelp(
            "A farm of so many hosts in this process. For load tests: only with worker.hypervisor: simulated.",
            valueName: "number"))
    var hosts = 1

    func validate() throws {
        guard (1...1000).contains(hosts) else { throw ValidationError("--hosts: from 1 to 1000.") }
    }

    func run() async throws {
        let hypervisor = try common.settings().worker.hypervisor
        guard hosts == 1 || hypervisor == .simulated else {
            throw Failure(.usage, "--hosts: a farm is simulated; set worker.hypervisor=simulated.")
        }
        try await runRoles(common, "takes jobs") { roles, queue, _ in
            if hosts == 1 {
                let ballast = RedisBallast(besideServiceOf: roles.settings, logger: roles.logger)
                return [try await roles.worker(queue)] + (ballast.map { [$0] } ?? [])
            }
            var workers: [any Service] = []
            for number in 1...hosts { workers.append(try await roles.simulatedHost(number).worker(queue)) }
            return workers
        }
    }
}

/// A scheduler alone.
struct SchedulerRole: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scheduler", abstract: "Emit what is due; of several schedulers one leads.")

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await runRoles(common, "emits what is due") { roles, queue, _ in [try await roles.scheduler(queue)] }
    }
}

/// - Parameters:
///   - role: What it does, as systemd shows it.
///   - isReadyAtStart: Whether it is ready as soon as it runs.
private func runRoles(
    _ common: CommonOptions, _ role: String, isReadyAtStart: Bool = true,
    _ make: (Roles, JobQueue, ServiceReport) async throws -> [any Service]
) async throws {
    let settings = try common.settings()
    let roles = Roles(settings: settings, logger: Logs.logger(settings))
    try Files.makeOwnDirectory(settings.runtimeDir)
    let client = RedisClient(address: try Connection.address(settings), logger: roles.logger)
    let queue = JobQueue(redis: client)
    let reload = ConfigurationReload(
        settings: settings, manager: ServiceManager(), role: role, logger: roles.logger
    ) { () throws(Failure) in
        let new = Roles(settings: try common.settings(), logger: roles.logger)
        try new.checkReload(from: settings, pages: isReadyAtStart ? nil : queue)
        return new.settings
    }
    let report = ServiceReport(redis: client, reload: reload, isReadyAtStart: isReadyAtStart)
    let services = [client, try await SharedSecret.checked(queue, roles)] + (try await make(roles, queue, report))
    try await roles.run(services + [report], reload: reload)
}
