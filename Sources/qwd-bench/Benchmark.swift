/// One benchmark: it starts what it needs and prints its figures.
struct Benchmark: Sendable {
    let name: String
    let summary: String
    let run: @Sendable (Workspace) async throws -> Void

    static let all = [
        Benchmark(
            name: "post", summary: "how fast POST /sessions is answered (simulated machines, private Redis)",
            run: PostBenchmark.run),
        Benchmark(
            name: "click", summary: "from the click to the first frame of the GRUB ISO, beside QEMU alone",
            run: ClickBenchmark.run),
        Benchmark(
            name: "scripts", summary: "what each way of giving a guest its boot scripts adds to the start",
            run: ScriptsBenchmark.run),
        Benchmark(name: "sixteen", summary: "16 sessions created and stopped at once", run: SixteenBenchmark.run),
        Benchmark(
            name: "queue", summary: "transitions of the queue beside an empty script, same Redis, same connection",
            run: QueueBenchmark.run),
        Benchmark(
            name: "pace", summary: "how long a job waits for an idle worker at 1, 10 and 100 jobs a second",
            run: PaceBenchmark.run),
        Benchmark(
            name: "farm", summary: "200 simulated hosts: costs at Redis, placing 1,000 sessions, idling",
            run: FarmBenchmark.run),
        Benchmark(
            name: "pages", summary: "pages with many sessions (no machines behind them)", run: PagesBenchmark.run),
        Benchmark(
            name: "manage", summary: "the manage page of a person and of an administrator, 10,000 sessions",
            run: ManageBenchmark.run),
        Benchmark(
            name: "streams", summary: "10,000 event streams: memory, and when an event arrives",
            run: StreamsBenchmark.run),
        Benchmark(
            name: "sign-in", summary: "10,000 attempts to sign in from 50 connections", run: SignInBenchmark.run),
        Benchmark(
            name: "strangers", summary: "pages beside connections and requests that mean no good",
            run: StrangersBenchmark.run),
        Benchmark(
            name: "isolation", summary: "what it costs to shut guests in: start, download, memory",
            run: IsolationBenchmark.run),
        Benchmark(name: "idle", summary: "what all roles cost when nothing happens", run: IdleBenchmark.run),
        Benchmark(name: "memory", summary: "memory of a session and of a viewer", run: MemoryBenchmark.run),
    ]
}
