import Redis

extension JobQueue {
    /// The create jobs that wait for a host, the first one first.
    package func waitingJobs() async throws(QueueError) -> [String] {
        try await send(["ZRANGE", "qwd:queue:create", "0", "-1"]).array?.compactMap(\.string) ?? []
    }
}
