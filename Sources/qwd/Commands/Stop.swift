import ArgumentParser
import Domain
import Foundation
import Queue

/// Stops sessions.
struct Stop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop a session; without a name the only one there is, with --all every one.")

    @OptionGroup var common: CommonOptions
    @Argument(help: "Id of the session, as 'qwd status' shows it.") var session: String?
    @Flag(help: "Stop all sessions.") var all = false

    func run() async throws {
        let settings = try common.settings()
        try await Connection.withQueue(settings) { queue in
            let changes = queue.changes()
            var waiting = Set(try await chosen(queue))
            for id in waiting {
                try await queue.note(.stop, who: NSUserName(), from: "command line", what: id.text)
                if try await queue.stop(id) == .ended { waiting.remove(id) }
            }
            if waiting.isEmpty { return }
            for await change in changes {
                switch change {
                case .session(let id, _, .ended): waiting.remove(id)
                case .session: continue
                case .reconnected:
                    for id in waiting where try await queue.session(id)?.state ?? .ended == .ended {
                        waiting.remove(id)
                    }
                }
                if waiting.isEmpty { return }
            }
        }
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
