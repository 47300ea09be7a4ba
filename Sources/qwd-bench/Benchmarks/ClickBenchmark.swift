import Domain
import Hypervisor
import Queue
import Viewer

/// From the click to the first frame, beside QEMU alone with the same command line. Turn by turn, so that both see the
/// same machine.
enum ClickBenchmark {
    private static let runs = 9

    static func run(_ workspace: Workspace) async throws {
        // Stops are no part of this; without a grace they do not hold up the next turn.
        let service = try await Service.start(workspace, settings: ["worker.stop_grace=0s"])
        let client = SessionClient(service)
        guard let text = try await service.queue.hosts().first?.status.accelerator,
            let accelerator = Accelerator(rawValue: text)
        else { throw BenchError("the host does not say what accelerates its machines") }
        let alone = LoneQEMU(workspace: workspace, accelerator: accelerator)
        var clicks = Samples()
        var links = Samples()
        var lone = Samples()
        // The first turn brings programs and the disc into the page cache.
        for turn in 0...runs {
            let single = try await alone.firstFrame()
            let (link, frame) = try await click(client)
            if turn == 0 { continue }
            lone.add(single.milliseconds)
            links.add(link.milliseconds)
            clicks.add(frame.milliseconds)
        }
        await service.stop()
        let limit = 1.5 * lone.median + 150
        Figure.print(
            "qemu_alone_first_frame", lone.median, "ms",
            note:
                "same arguments, exec to first frame by Unix socket, \(accelerator.rawValue); \(runs) runs, \(lone.range)"
        )
        Figure.print(
            "click_to_first_frame", clicks.median, "ms", limit: .below(limit),
            note:
                "POST to first frame by the display gateway; \(runs) runs, \(clicks.range); limit 1.5 x alone + 150 ms")
        Figure.print("click_to_link", links.median, "ms", note: "of it until the link to the display is there")
    }

    static func click(
        _ client: SessionClient, machine: String = Workspace.machineName
    ) async throws -> (link: Duration, frame: Duration) {
        let start = ContinuousClock.now
        let id = try await client.create(machine: machine).id
        let address = try await client.waitForDisplay(id)
        let link = ContinuousClock.now - start
        let viewer = try await Viewer.connect(webSocket: address)
        _ = try await viewer.firstFrame(deadline: .seconds(60))
        let frame = ContinuousClock.now - start
        await viewer.close()
        try await client.stop(id)
        try await client.waitForEnd(id)
        return (link, frame)
    }
}
