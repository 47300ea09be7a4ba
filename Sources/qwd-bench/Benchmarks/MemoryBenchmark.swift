import Glibc
import Viewer

/// What one more session and one more viewer cost in memory, shared pages divided (PSS).
enum MemoryBenchmark {
    private static let sessions = 4
    private static let viewers = 8

    static func run(_ workspace: Workspace) async throws {
        let service = try await Service.start(workspace, settings: ["worker.stop_grace=0s"])
        let client = SessionClient(service)
        // The first session brings caches and connections that stay.
        let first = try await open(client)
        await first.viewer.close()
        let before = ProcessMeter.memory(workspace.processes()).pssMB
        var last = first
        for _ in 0..<sessions {
            last = try await open(client)
            await last.viewer.close()
        }
        let after = ProcessMeter.memory(workspace.processes()).pssMB
        let qemu = workspace.processes(with: "qemu-system")
        let passt = workspace.processes(with: "passt --foreground")
        Figure.print(
            "memory_per_session", (after - before) / Double(sessions), "MB",
            note: "PSS of everything, \(sessions) more sessions of \(SessionClient.memoryMiB) MiB at GRUB's prompt")
        Figure.print(
            "memory_of_qemu", ProcessMeter.memory(qemu).pssMB / Double(max(1, qemu.count)), "MB",
            note: "mean of \(qemu.count) processes")
        Figure.print(
            "memory_of_passt", ProcessMeter.memory(passt).pssMB / Double(max(1, passt.count)), "MB",
            note: "mean of \(passt.count) processes")

        // Gateways of viewers that left may take a moment to end.
        let alone = try await gateway(workspace, processes: 1)
        var watching: [Viewer] = []
        for _ in 0..<viewers {
            let viewer = try await Viewer.connect(webSocket: last.address)
            _ = try await viewer.firstFrame()
            watching.append(viewer)
        }
        let watched = try await gateway(workspace, processes: 1 + viewers)
        for viewer in watching { await viewer.close() }
        Figure.print(
            "memory_per_viewer", (watched - alone) / Double(viewers), "MB",
            note: "PSS of websockify, \(viewers) viewers of one session")
        await service.stop()
    }

    private static func open(_ client: SessionClient) async throws -> (address: DisplayAddress, viewer: Viewer) {
        let address = try await client.waitForDisplay(try await client.create().id)
        let viewer = try await Viewer.connect(webSocket: address)
        _ = try await viewer.firstFrame(deadline: .seconds(60))
        return (address, viewer)
    }

    /// PSS of the display gateway once it has so many processes: itself and one for each viewer.
    private static func gateway(_ workspace: Workspace, processes: Int) async throws -> Double {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            let pids = workspace.processes(with: "websockify")
            if pids.count == processes { return ProcessMeter.memory(pids).pssMB }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw BenchError("the display gateway does not have \(processes) processes")
    }
}
