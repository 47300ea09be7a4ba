import Domain
import FoundationEssentials
import Machines
import Processes
import Queue

/// What a host remembers of a session beside its disk, so that the machine can be told apart, and taken up again, when the queue
/// has lost its data.
///
/// It is written before the session is committed: where there is none the machine never ran, and nobody's work is on its disk.
struct SessionRecord: Sendable, Hashable, Codable {
    /// Number of the claim that made the machine.
    var fence: Int
    /// What was asked for, as the fields of Redis.
    private var fields: [String: String]
    /// What became of its folders, as the queue keeps it. Nil for a session of an older version.
    private var folderTexts: [String]?

    init(fence: Int, request: SessionRequest, folders: [SessionFolder] = []) {
        self.fence = fence
        fields = request.record
        folderTexts = folders.map(\.text)
    }

    var folders: [SessionFolder] { (folderTexts ?? []).compactMap { SessionFolder($0[...]) } }

    var request: SessionRequest { SessionRequest(record: fields) }

    /// Nil if there is none, as for a session of an older version.
    static func read(_ paths: SessionPaths) -> SessionRecord? {
        guard let text = Files.read(paths.record) else { return nil }
        return try? JSONDecoder().decode(SessionRecord.self, from: Data(text.utf8))
    }

    func write(_ paths: SessionPaths) throws(MachineError) {
        do {
            try Files.makeDirectory(paths.disk)
            try Files.write(String(decoding: JSONEncoder().encode(self), as: UTF8.self), to: paths.record)
        } catch {
            let text = "\(error)"
            throw MachineError(
                text.contains("No space left") || text.contains("outOfSpace") ? .noSpace : .system,
                "What was asked for can't be noted on the host: \(text)", cause: error)
        }
    }
}
