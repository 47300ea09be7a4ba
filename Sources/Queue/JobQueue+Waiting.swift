package import Domain
import Redis

extension JobQueue {
    /// The create jobs that wait for a host, the first one first.
    package func waitingJobs() async throws(QueueError) -> [String] {
        try await send(["ZRANGE", "qwd:queue:create", "0", "-1"]).array?.compactMap(\.string) ?? []
    }

    /// The places in the queue of some create jobs, counted from 1, without those that do not wait there.
    package func places(of jobs: Set<JobID>) async throws(QueueError) -> [JobID: Int] {
        var places: [JobID: Int] = [:]
        if jobs.count > Self.fewJobs {
            for (place, text) in zip(1..., try await waitingJobs()) {
                if let job = JobID(text), jobs.contains(job) { places[job] = place }
            }
        } else {
            let jobs = Array(jobs)
            let replies = try await send(pipeline: jobs.map { ["ZRANK", "qwd:queue:create", $0.text] })
            for (job, reply) in zip(jobs, replies) { places[job] = reply.integer.map { $0 + 1 } }
        }
        return places
    }

    /// As many are asked for one by one; more of them by the whole queue.
    private static let fewJobs = 16
}
