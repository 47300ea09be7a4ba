import Dispatch
import Machines
import Processes
import Synchronization

/// The end of a console in memory, and on the session's disk for whoever asks.
final class ConsoleLog: Sendable {
    private struct State {
        var text = ConsoleText()
        /// What the guest itself has written, without what its firmware has said.
        var guest = ConsoleText()
        var isWriting = false
    }

    /// The disk may hang: it is waited for here and nowhere else.
    private static let files = DispatchQueue(label: "consoles")
    private let state = Mutex(State())
    private let path: String

    init(_ paths: SessionPaths) {
        path = paths.consoleLog
    }

    /// Takes over what an earlier worker has kept.
    func load() async {
        let known = await withCheckedContinuation { continuation in
            Self.files.async { [path] in continuation.resume(returning: Files.read(path)) }
        }
        if let known, !known.isEmpty { _ = append(Array(known.utf8)) }
    }

    /// - Returns: Where the piece begins.
    /// - Parameter isFirmware: Whether a BIOS said it, of its work and for who knows that.
    func append(_ piece: [UInt8], isFirmware: Bool = false) -> Int {
        state.withLock { state in
            defer {
                state.text.append(piece)
                if !isFirmware { state.guest.append(piece) }
            }
            return state.text.end
        }
    }

    func has(_ words: String, since start: Int) -> Bool { state.withLock { $0.text.has(words, since: start) } }

    /// The guest's last lines, as one for a person; empty if there are none.
    func lastLines(_ count: Int) -> String { state.withLock { $0.guest.lastLines(count) } }

    /// Writes it, unless that is being done already.
    func write() {
        guard
            state.withLock({ state in
                defer { state.isWriting = true }
                return !state.isWriting
            })
        else { return }
        Self.files.async { [self] in
            let kept = state.withLock { state in
                state.isWriting = false
                return String(decoding: state.text.kept, as: UTF8.self)
            }
            // The directory goes with the session; nobody misses the log of one that is over.
            try? Files.write(kept, to: path)
        }
    }
}
