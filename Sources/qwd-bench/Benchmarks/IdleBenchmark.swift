/// What everything costs while nobody uses it: the roles in one process, their Redis, the display gateway.
enum IdleBenchmark {
    private static let window = Duration.seconds(30)

    static func run(_ workspace: Workspace) async throws {
        let service = try await Service.start(workspace)
        // What happens once after the start is no idling.
        try await Task.sleep(for: .seconds(5))
        let roles = service.roles
        let before = ProcessMeter.processorTime(roles)
        let time = try await timed { try await Task.sleep(for: window) }.time
        let used = ProcessMeter.processorTime(roles) - before
        let memory = ProcessMeter.memory(roles)
        let parts = roles.map { pid in
            let name = ProcessMeter.commandLine(pid).split(separator: " ").first { !$0.hasSuffix("python3") } ?? "?"
            return "\(name.split(separator: "/").last ?? "?") \(Figure.text(ProcessMeter.memory([pid]).pssMB))"
        }
        await service.stop()
        Figure.print(
            "idle_cpu", 100 * (used / time), "% of a core", limit: .below(1),
            note: "all roles, Redis and the display gateway over \(Figure.text(time.seconds)) s")
        Figure.print(
            "idle_memory", memory.pssMB, "MB", limit: .below(150), note: "PSS: \(parts.joined(separator: ", "))")
        Figure.print("idle_memory_rss", memory.rssMB, "MB", limit: .below(150), note: "shared pages counted in each")
    }
}
