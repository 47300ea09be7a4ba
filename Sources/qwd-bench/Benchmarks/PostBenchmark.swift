/// How long the answer to a posted form takes.
enum PostBenchmark {
    static func run(_ workspace: Workspace) async throws {
        let service = try await Service.start(workspace, settings: ["worker.hypervisor=simulated"])
        let client = SessionClient(service)
        let other = SessionClient(service)
        var times = Samples()
        for round in 0..<320 {
            let (id, time) = try await client.create()
            // The first ones warm up. Stopping keeps the number of sessions, and it is no part of the time.
            if round >= 20 { times.add(time.milliseconds) }
            try await other.stop(id)
        }
        await service.stop()
        let note = "\(times.sorted.count) one after the other, appendfsync always"
        Figure.print("post_session_p50", times.median, "ms", limit: .below(5), note: note)
        Figure.print("post_session_p95", times.percentile(95), "ms", note: note)
    }
}
