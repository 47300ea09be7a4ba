import Dispatch
import Foundation
import Glibc

/// Measures a release build of qwd and prints one figure a line.
///
/// `qwd-bench [NAME...]` runs the benchmarks with these names, or all. A missed limit is printed as MISS and is no
/// failure; the exit code is 1 when something broke, and 2 for a name that is unknown.
@main
struct QWDBench {
    /// Longer than any benchmark takes on a slow machine.
    private static let patience = Duration.seconds(600)

    static func main() async {
        // A peer that goes away must be an error of that write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        let names = Array(CommandLine.arguments.dropFirst())
        let known = Benchmark.all.map(\.name)
        if let unknown = names.first(where: { !known.contains($0) }) {
            say("qwd-bench: \(unknown) is no benchmark. There are: \(known.joined(separator: " "))")
            exit(2)
        }
        let chosen = Benchmark.all.filter { names.isEmpty || names.contains($0.name) }
        let work = Task { await run(chosen) }
        let sources = [SIGINT, SIGTERM].map { onSignal($0) { work.cancel() } }
        let isWhole = await work.value
        sources.forEach { $0.cancel() }
        exit(isWhole ? 0 : 1)
    }

    /// Lets a signal end the work in order, with nothing left of it.
    private static func onSignal(_ number: CInt, _ body: @escaping @Sendable () -> Void) -> any DispatchSourceSignal {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler(handler: body)
        source.resume()
        return source
    }

    /// - Returns: Whether nothing broke.
    private static func run(_ benchmarks: [Benchmark]) async -> Bool {
        var isWhole = true
        for benchmark in benchmarks where !Task.isCancelled {
            say("qwd-bench: \(benchmark.name): \(benchmark.summary)")
            do {
                let workspace = try Workspace()
                do {
                    try await within(patience) { try await benchmark.run(workspace) }
                } catch {
                    say("qwd-bench: \(benchmark.name): \(error)")
                    isWhole = false
                }
                await workspace.close()
            } catch {
                say("qwd-bench: \(error)")
                isWhole = false
            }
        }
        return isWhole && !Task.isCancelled
    }

    private static func within(_ limit: Duration, _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: limit)
                throw BenchError("gave up after \(limit)")
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    static func say(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}

/// Something broke, so there is no figure.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
