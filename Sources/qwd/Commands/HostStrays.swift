import ArgumentParser
import Domain
import Foundation
import Queue
import Settings

extension HostCommand {
    /// Looks at machines that live on hosts and belong to no session, and decides about them.
    struct Strays: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Machines that live on hosts and belong to no session.",
            discussion: """
                After a loss of Redis' data, or when a host was copied, machines may live of which the queue knows nothing. \
                They are left alone until you decide: 'take' makes one its owner's session again, 'end' ends it and removes \
                its disk.
                """,
            subcommands: [Show.self, Take.self, End.self], defaultSubcommand: Show.self)

        struct Show: AsyncParsableCommand {
            static let configuration = CommandConfiguration(commandName: "list", abstract: "Show them.")
            @OptionGroup var common: CommonOptions
            @Flag(help: "Print JSON.") var json = false

            func run() async throws {
                let settings = try common.settings()
                let strays = try await Connection.withQueue(settings) { queue in
                    try await queue.strays(lease: settings.scheduler.lease)
                }
                if json { return try Console.printJSON(strays.map { Report(host: $0.host, stray: $0.stray) }) }
                Table(
                    headings: ["SESSION", "HOST", "OWNER", "MACHINE", "LIVES", "DISK", "WHY"],
                    rows: strays.map { host, stray in
                        [
                            stray.session.text, host.name, stray.owner.isEmpty ? "?" : stray.owner,
                            stray.machine.isEmpty ? "?" : stray.machine, stray.lives ? "yes" : "no",
                            "\(stray.diskMiB) MiB", stray.why,
                        ]
                    }
                ).print()
            }
        }

        /// One as JSON says it.
        private struct Report: Encodable {
            var host: String
            var hostID: String
            var session: String
            var owner: String
            var machine: String
            var lives: Bool
            var diskMiB: Int
            var why: String

            init(host: Domain.Host, stray: Stray) {
                self.host = host.name
                hostID = host.id
                session = stray.session.text
                owner = stray.owner
                machine = stray.machine
                lives = stray.lives
                diskMiB = stray.diskMiB
                why = stray.why
            }
        }

        struct Take: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Make a machine its owner's session again, with a whole life-time from now.")
            @OptionGroup var common: CommonOptions
            @Argument(help: "The session, as 'qwd host strays' shows it.") var session: String

            func run() async throws { try await decide(.takeStray, session, common, done: "is a session again") }
        }

        struct End: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "End a machine and remove its disk. What is on it is lost.")
            @OptionGroup var common: CommonOptions
            @Argument(help: "The session, as 'qwd host strays' shows it.") var session: String

            func run() async throws { try await decide(.endStray, session, common, done: "has ended") }
        }
    }
}

private func decide(_ kind: JobKind, _ session: String, _ common: CommonOptions, done: String) async throws {
    let settings = try common.settings()
    guard let id = SessionID(session) else { throw Failure(.usage, "\(session) is no session's id.") }
    let job = JobID(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    try await Connection.withQueue(settings) { queue in
        let hosts = try await queue.strays(lease: settings.scheduler.lease).filter { $0.stray.session == id }.map(
            \.host)
        guard let host = hosts.first, hosts.count == 1 else {
            throw Failure(
                .failed,
                hosts.isEmpty
                    ? "No host has told of a stray machine of session \(id). 'qwd host strays' shows them."
                    : "\(hosts.map(\.name).joined(separator: " and ")) both have one of session \(id). Drain one of them."
            )
        }
        guard host.alive else { throw Failure(.unavailable, "The host \(host.name) does not answer.") }
        let found = try await queue.decide(
            kind, of: id, on: host.id, by: PersonName.ofCommandLine.text, from: "command line", job: job)
        guard found else { throw Failure(.failed, "\(host.name) has no such machine any more.") }
        // Redis tells of sessions and not of jobs.
        for _ in 0..<150 {
            let known = try await queue.job(job.text)
            switch known?.state {
            case .done?, nil: return
            case .dead?: throw Failure(.failed, known?.error ?? "It could not be done.")
            default: try await Task.sleep(for: .milliseconds(200))
            }
        }
        throw Failure(
            .unavailable, "\(host.name) has not done it within 30 s. It will, as soon as its worker takes jobs.")
    }
    Console.say("qwd: the machine of session \(id) \(done)")
}
