import ArgumentParser
import Domain
import Foundation
import Queue
import Settings

/// Stops sessions.
struct Stop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop a session; without a name the only one there is, with --all every one.")

    @OptionGroup var common: CommonOptions
    @Argument(help: "Id of the session, as 'qwd status' shows it.", completion: Completions.sessions)
    var session: String?
    @Flag(help: "Stop all sessions.") var all = false
    @Flag(help: "Print JSON: the sessions that were stopped.") var json = false
    @Option(
        help: ArgumentHelp(
            "How long to wait for their end; worker.stop_grace and a minute if not given.", valueName: "duration"))
    var wait: String?

    func run() async throws {
        let settings = try common.settings()
        let patience = try wait.map { try Duration($0, option: "--wait") } ?? settings.worker.stopGrace + .seconds(60)
        try await Connection.withQueue(settings) { queue in
            let changes = queue.changes()
            var waiting = Set(try await chosen(queue))
            let chosen = waiting
            for id in waiting {
                let deed = Deed(.stop, who: PersonName.ofCommandLine.text, from: "command line")
                if try await queue.stop(id, by: deed) == .ended { waiting.remove(id) }
            }
            if waiting.isEmpty { return try await tell(chosen, queue) }
            let asked = waiting
            let isOver = try await within(patience) { try await ended(asked, queue, changes) } ?? false
            if !isOver, let failure = try await late(asked, queue) { throw failure }
            try await tell(chosen, queue)
        }
    }

    private func tell(_ sessions: Set<SessionID>, _ queue: JobQueue) async throws {
        if json { try Console.printJSON(try await queue.sessions(sessions.sorted()).map(SessionReport.init)) }
    }

    /// Returns when all of them have ended.
    private func ended(
        _ sessions: Set<SessionID>, _ queue: JobQueue, _ changes: JobQueue.Changes
    ) async throws -> Bool {
        var waiting = sessions
        for await change in changes {
            switch change {
            case .session(let id, _, .ended): waiting.remove(id)
            case .session, .logins: continue
            case .reconnected:
                for id in waiting where try await queue.session(id)?.state ?? .ended == .ended { waiting.remove(id) }
            }
            if waiting.isEmpty { return true }
        }
        return false
    }

    /// What to say of those that have not ended in time; nil if the last one just has.
    private func late(_ sessions: Set<SessionID>, _ queue: JobQueue) async throws -> Failure? {
        var words: [String] = []
        for id in sessions.sorted() {
            guard let session = try await queue.session(id), session.state != .ended else { continue }
            let advice =
                session.state == .lost
                ? ", which does not answer: the session ends when it does, or with 'qwd host forget'" : ""
            words.append("\(id) is \(session.state.rawValue) on \(session.hostName ?? "no host")\(advice)")
        }
        return words.isEmpty
            ? nil : Failure(.unavailable, "Asked for, but not over yet: \(words.joined(separator: "; ")).")
    }

    private func chosen(_ queue: JobQueue) async throws -> [SessionID] {
        if let session {
            guard let id = SessionID(session), try await queue.session(id) != nil else {
                throw Failure(.failed, "There is no session \(session). 'qwd status' shows them.")
            }
            return [id]
        }
        let live = try await queue.sessions().map(\.id)
        guard live.count <= 1 || all else {
            throw Failure(.usage, "There are \(live.count) sessions: name one ('qwd status' shows them), or say --all.")
        }
        if live.isEmpty { Console.say("qwd: there is no session") }
        return live
    }
}
