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

        let alone = try gatewayMemory(workspace)
        var watching: [Viewer] = []
        for _ in 0..<viewers {
            let viewer = try await Viewer.connect(webSocket: last.address)
            _ = try await viewer.firstFrame()
            watching.append(viewer)
        }
        let watched = try gatewayMemory(workspace)
        for viewer in watching { await viewer.close() }
        Figure.print(
            "memory_per_viewer", (watched - alone) / Double(viewers), "MB",
            note:
                "PSS of the display gateway, \(viewers) viewers of one session; it has \(Figure.text(alone)) MB without"
        )
        await service.stop()
    }

    private static func open(_ client: SessionClient) async throws -> (address: DisplayAddress, viewer: Viewer) {
        let address = try await client.waitForDisplay(try await client.create().id)
        let viewer = try await Viewer.connect(webSocket: address)
        _ = try await viewer.firstFrame(deadline: .seconds(60))
        return (address, viewer)
    }

    private static func gatewayMemory(_ workspace: Workspace) throws -> Double {
        let pids = workspace.processes(with: "display-gateway")
        guard pids.count == 1 else { throw BenchError("there are \(pids.count) display gateways") }
        return ProcessMeter.memory(pids).pssMB
    }
}
