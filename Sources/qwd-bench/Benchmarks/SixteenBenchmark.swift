import Processes
import Viewer

/// Sixteen people click at once, and later stop at once.
enum SixteenBenchmark {
    private static let people = 16

    static func run(_ workspace: Workspace) async throws {
        let service = try await Service.start(workspace)
        let sessions = try await createAll(service)
        try await stopAll(service, sessions)
        await service.stop()
    }

    private static func createAll(_ service: Service) async throws -> [String] {
        let (outcomes, time) = await timed {
            await withTaskGroup(of: Outcome.self) { group in
                for _ in 0..<people { group.addTask { await Outcome(of: service) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
        }
        let seen = outcomes.filter { $0.problem == nil }
        Figure.print(
            "sixteen_creates", Double(seen.count), "of \(people) reach a frame", limit: .atLeast(Double(people)),
            note: outcomes.compactMap(\.problem).first ?? "posted at once")
        Figure.print("sixteen_creates_time", time.seconds, "s", note: "until the last one's first frame")
        let tokens = Set(outcomes.compactMap(\.token))
        let sockets = Set(tokens.compactMap { FileIdentity("\(service.runtime)/tokens/\($0)") })
        let disks = Files.names(in: "\(service.state)/sessions")
        Figure.print(
            "sixteen_different", Double(min(tokens.count, sockets.count, disks.count)), "of \(people)",
            limit: .atLeast(Double(people)),
            note: "\(tokens.count) tokens, \(sockets.count) sockets, \(disks.count) disks")
        return outcomes.compactMap(\.id)
    }

    private static func stopAll(_ service: Service, _ sessions: [String]) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for id in sessions {
                group.addTask {
                    let client = SessionClient(service)
                    try await client.stop(id)
                    try await client.waitForEnd(id)
                }
            }
            try await group.waitForAll()
        }
        let ended = clock.now - start
        var left = leftovers(service)
        while !left.isEmpty, clock.now - start < ended + .seconds(10) {
            try await Task.sleep(for: .milliseconds(5))
            left = leftovers(service)
        }
        Figure.print(
            "sixteen_stops", Double(sessions.count), "of \(people) ended", limit: .atLeast(Double(people)),
            note: left.isEmpty ? "nothing is left of them" : "left: \(left.joined(separator: " "))")
        Figure.print(
            "sixteen_stops_time", (clock.now - start).seconds, "s",
            note: "of it 3 s are the grace for the guest's own power-down, which GRUB never does")
        guard left.isEmpty else { throw BenchError("left of the stopped sessions: \(left)") }
    }

    /// Processes and files that should be gone.
    private static func leftovers(_ service: Service) -> [String] {
        service.workspace.processes(with: "qemu-system").map { "qemu \($0)" }
            + ["\(service.runtime)/sessions", "\(service.runtime)/tokens", "\(service.state)/sessions"].flatMap {
                place in
                Files.names(in: place).map { "\(place)/\($0)" }
            }
    }

    /// What became of one person's click.
    private struct Outcome: Sendable {
        var id: String?
        var token: String?
        var problem: String?

        init(of service: Service) async {
            let client = SessionClient(service)
            do {
                let id = try await client.create().id
                self.id = id
                let address = try await client.waitForDisplay(id)
                token = address.token
                let viewer = try await Viewer.connect(webSocket: address, deadline: .seconds(60))
                _ = try await viewer.firstFrame(deadline: .seconds(120))
            } catch {
                problem = "\(error)"
            }
        }
    }
}
