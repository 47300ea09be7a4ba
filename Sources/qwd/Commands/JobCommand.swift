import ArgumentParser
import Domain
import Foundation
import Frontend
import Queue

/// Looks into the queue.
struct JobCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job", abstract: "Look into the queue; give dead jobs another try.",
        subcommands: [List.self, Show.self, Retry.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the jobs that are not over, and the last ones.")
        @OptionGroup var common: CommonOptions
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let jobs = try await Connection.withQueue(try common.settings()) { try await $0.jobs() }
            if json {
                try Console.printJSON(jobs.map(JobReport.init))
                return
            }
            let texts = try Texts.english()
            Table(
                headings: ["JOB", "KIND", "STATE", "SESSION", "ROUTE", "ATTEMPT", "WORKER", "ERROR"],
                rows: jobs.map { job in
                    [
                        job.id, job.kind.rawValue, job.state.rawValue, job.session?.text ?? "-", job.route,
                        "\(job.attempt)/\(job.maxAttempts)", job.worker ?? "-", job.error.map(texts.detail) ?? "",
                    ]
                }
            ).print()
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one job and what happened to its session.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Id of the job, as 'qwd job list' shows it.", completion: Completions.jobs)
        var job: String
        @Flag(help: "Print JSON.") var json = false

        private struct Report: Encodable {
            var job: JobReport
            var events: [Event]

            struct Event: Encodable {
                var at: String?
                var state: String
                var fields: [String: String]
            }
        }

        func run() async throws {
            try await Connection.withQueue(try common.settings()) { queue in
                guard let job = try await queue.job(job) else { throw JobCommand.unknown(job) }
                var events: [SessionEvent] = []
                if let session = job.session { events = try await queue.events(of: session) }
                if json {
                    return try Console.printJSON(
                        Report(
                            job: JobReport(job),
                            events: events.map {
                                Report.Event(at: Moment.iso($0.at), state: $0.state.rawValue, fields: $0.fields)
                            }))
                }
                JobReport(job).print()
                for event in events {
                    let fields = event.fields.filter { $0.key != "state" && !$0.value.isEmpty }
                        .sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
                    Console.print("\(Moment.iso(event.at) ?? "")  \(event.state.rawValue)  \(fields)")
                }
            }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give a dead job another try.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Id of the job, as 'qwd job list' shows it.", completion: Completions.jobs)
        var job: String

        func run() async throws {
            let session = try await Connection.withQueue(try common.settings()) { queue in
                let fresh = SessionID(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
                return try await queue.retry(job, newSession: fresh)
            }
            guard let session else { throw JobCommand.unknown(job) }
            Console.print(session.text)
        }
    }

    fileprivate static func unknown(_ job: String) -> Failure {
        Failure(.failed, "There is no job \(job), or its session is forgotten. 'qwd job list' shows the jobs.")
    }
}

/// A job as the command line shows it.
struct JobReport: Encodable {
    var id: String
    var kind: String
    var state: String
    var session: String?
    var route: String
    var attempt: Int
    var maxAttempts: Int
    var fence: Int
    var host: String?
    var worker: String?
    var leaseUntil: String?
    var queuedAt: String?
    var startedAt: String?
    var endedAt: String?
    var error: String?

    /// A line for each field that it has.
    func print() {
        for (name, value) in Mirror(reflecting: self).children {
            let text: String? =
                switch value {
                case let value as Int: "\(value)"
                case let value as String: value
                default: (value as? String?).flatMap { $0 }
                }
            if let text, let name {
                Console.print("\(name.padding(toLength: 12, withPad: " ", startingAt: 0)) \(text)")
            }
        }
    }

    init(_ job: Job) {
        id = job.id
        kind = job.kind.rawValue
        state = job.state.rawValue
        session = job.session?.text
        route = job.route
        attempt = job.attempt
        maxAttempts = job.maxAttempts
        fence = job.fence
        host = job.host
        worker = job.worker
        leaseUntil = Moment.iso(job.leaseUntil)
        queuedAt = Moment.iso(job.queuedAt)
        startedAt = Moment.iso(job.startedAt)
        endedAt = Moment.iso(job.endedAt)
        error = job.error
    }
}
