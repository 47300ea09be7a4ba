import Synchronization

/// What happened, in its order, from whatever thread.
final class Notes: Sendable {
    private let notes = Mutex<[String]>([])

    func append(_ note: String) { notes.withLock { $0.append(note) } }
    var all: [String] { notes.withLock { $0 } }
}
