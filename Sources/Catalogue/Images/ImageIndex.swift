import Dispatch
import FoundationEssentials
import Glibc
import Synchronization

/// What each image was found to be. A file is inspected once; after that a look at it only asks whether it is the same file.
final class ImageIndex: Sendable {
    typealias Verdict = Result<DiskImage, ImageError>

    private struct Entry {
        var identity: ImageIdentity
        var verdict: Verdict
        /// Whether the file was old enough when it was inspected that a later change has another time.
        var isSettled: Bool
    }

    private struct State {
        /// What the bytes of the file at a path say.
        var found: [String: Entry] = [:]
        /// What is told about a path.
        var told: [String: Verdict] = [:]
        /// Paths at which a look has not come back.
        var pending: Set<String> = []
        var inspections = 0
    }

    static let beingLookedAt = ImageError(
        "it is being looked at", "If this stays, its disk or network does not answer.", kind: .unknown)

    private let threads: FileThreads
    private let open: @Sendable (String) throws(ImageError) -> ImageFile
    private let state = Mutex(State())

    private let settle: Int64
    /// Whether it is a session that writes to a file, as one of an administrator may. What the file is does not change by that.
    private let isSessions: @Sendable (_ path: String) -> Bool

    /// - Parameters:
    ///   - settle: Age in nanoseconds from which on a file's times are trusted. File systems keep them in steps of some
    ///     milliseconds, FAT in steps of two seconds.
    ///   - open: Opens a file; a test may let it hang.
    ///   - isSessions: Whether a session writes to a file.
    init(
        threads: FileThreads = FileThreads(), settle: Int64 = 2_000_000_000,
        open: @escaping @Sendable (String) throws(ImageError) -> ImageFile = { path throws(ImageError) in
            try ImageFile(path: path)
        },
        isSessions: @escaping @Sendable (_ path: String) -> Bool = { _ in false }
    ) {
        self.threads = threads
        self.settle = settle
        self.isSessions = isSessions
        self.open = open
    }

    /// How many files were inspected.
    var inspections: Int { state.withLock { $0.inspections } }

    /// Looks at files, all at once, and forgets all others.
    ///
    /// Blocks, but not longer than `limit`: a file on a disk that hangs keeps what was known of it.
    func look(at paths: Set<String>, within limit: DispatchTimeInterval = .seconds(2)) -> [String: Verdict] {
        let group = DispatchGroup()
        for path in paths where state.withLock({ $0.pending.insert(path).inserted }) {
            group.enter()
            threads.run { [self] in
                look(at: path)
                group.leave()
            }
        }
        _ = group.wait(timeout: .now() + limit)
        return state.withLock { state in
            state.told = state.told.filter { paths.contains($0.key) }
            state.found = state.found.filter { paths.contains($0.key) }
            return Dictionary(
                uniqueKeysWithValues: paths.map { ($0, state.told[$0] ?? .failure(Self.beingLookedAt)) })
        }
    }

    private func look(at path: String) {
        let verdict: Verdict
        do throws(ImageError) {
            verdict = try examine(path)
        } catch {
            verdict = .failure(error)
        }
        state.withLock { state in
            state.pending.remove(path)
            // That it can't be looked at now says nothing about the file.
            if case .failure(let problem) = verdict, problem.kind == .unknown, state.told[path] != nil { return }
            state.told[path] = verdict
        }
    }

    private func examine(_ path: String) throws(ImageError) -> Verdict {
        let file = try open(path)
        let known = state.withLock { $0.found[path] }
        var verdict = known?.verdict
        if known?.identity != file.identity || known?.isSettled != true { verdict = nil }
        if file.isOpenForWriting { throw isSessions(path) ? .beingWorkedOn : .beingWritten }
        if let verdict { return verdict }
        let found: Verdict
        do throws(ImageError) {
            found = .success(try ImageInspector.inspect(file))
        } catch {
            if error.kind == .unknown { throw error }
            found = .failure(error)
        }
        guard file.isUnchanged else { throw .beingWritten }
        let age = Int64(Date().timeIntervalSince1970 * 1e9) - max(file.identity.modified, file.identity.changed)
        state.withLock { state in
            state.inspections += 1
            state.found[path] = Entry(
                identity: file.identity, verdict: found, isSettled: age > settle)
        }
        return found
    }
}
