import UnixSignals

/// Runs `body`; Ctrl-C or SIGTERM cancels it, so that it cleans up, instead of ending the process.
func cancelOnSignal(_ body: @escaping @Sendable () async throws -> Void) async throws {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    try await withThrowingTaskGroup(of: Bool.self) { group in
        group.addTask {
            try await body()
            return true
        }
        group.addTask {
            for await _ in signals { return false }
            return false
        }
        // The first to end is the body, or a signal; then the body is awaited, to hear how its clean-up went.
        while let isBody = try await group.next() {
            group.cancelAll()
            if isBody { return }
        }
    }
}
