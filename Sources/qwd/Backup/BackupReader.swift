import Glibc
import Ledger
import Machines
import Processes
import Settings

/// Puts the files of a backup back where they were. What could go wrong is looked for before anything is changed.
struct BackupReader {
    let directory: String
    let manifest: BackupManifest

    init(_ directory: String) throws(Failure) {
        self.directory = directory
        let list = "\(directory)/\(BackupManifest.fileName)"
        do {
            // It says which files are written, and whose they become.
            if Files.exists(list) { try Files.checkOwnFile(list) }
        } catch {
            throw Failure(.notAllowed, "Whoever can change a backup decides what is put back. \(error.detail)")
        }
        manifest = try BackupManifest.read(from: directory)
    }

    /// Looks for everything that could go wrong.
    /// - Parameter isForced: Whether files that are there may be replaced.
    func check(_ settings: Settings, isForced: Bool) async throws {
        for entry in manifest.entries {
            let words = entry.name.split(separator: "/") + entry.path.split(separator: "/")
            // It is obeyed as whoever runs this, who may be root.
            guard entry.path.hasPrefix("/"), !entry.name.hasPrefix("/"), !words.contains("..") else {
                throw Failure(.failed, "\(directory): its list names a place that is none: \(entry.name)")
            }
            guard try BackupManifest.sum(of: "\(directory)/\(entry.name)") == entry.sha256 else {
                throw Failure(.failed, "\(directory)/\(entry.name) is not what was backed up. Nothing was changed.")
            }
            _ = try rights(of: entry)
        }
        try await checkLedger()
        if let user = Self.user(of: manifest, settings) {
            throw Failure(
                .unavailable,
                "\(user) runs. Stop it first (qwd up ends at SIGTERM, with its Redis). Nothing was changed.")
        }
        let known = manifest.entries.flatMap { replaced(by: $0) }.filter { Files.exists($0) }
        if let path = known.first, !isForced {
            throw Failure(
                .failed,
                "\(path) is there\(known.count > 1 ? ", and \(known.count - 1) more" : ""). Nothing was changed; --force replaces what is there."
            )
        }
    }

    /// A newer program's ledger would keep this one's scheduler from starting.
    private func checkLedger() async throws {
        guard let entry = manifest.entries.first(where: { $0.kind == .ledger }) else { return }
        do throws(LedgerError) {
            try await Ledger(reading: "\(directory)/\(entry.name)").close()
        } catch {
            throw Failure(.failed, "\(error)")
        }
    }

    /// What uses the files now, or nil.
    private static func user(of manifest: BackupManifest, _ settings: Settings) -> String? {
        for (state, runtime) in [(manifest.stateDir, manifest.runtimeDir), (settings.stateDir, settings.runtimeDir)] {
            let locks =
                ["\(state)/up.lock", "\(runtime)/up.lock"] + HostPaths(runtime: runtime, state: state).workerLocks
            if let lock = locks.first(where: { DirectoryLock.isHeld($0) }) { return "A service (\(lock))" }
            if ProcessHandle(pidFile: "\(runtime)/redis.pid", mark: "\(runtime)/redis.sock") != nil {
                return "The Redis of a service (\(runtime)/redis.sock)"
            }
        }
        // A scheduler alone has no lock, but its ledger open, and a Redis of systemd's its log.
        let ledgers = Set(manifest.entries.filter { $0.kind == .ledger }.compactMap { Files.real($0.path) })
        let queue = Files.real("\(manifest.stateDir)/redis").map { "\($0)/appendonlydir/" }
        for process in Files.names(in: "/proc") where Int32(process) != nil {
            for number in Files.names(in: "/proc/\(process)/fd") {
                guard let target = Files.target(of: "/proc/\(process)/fd/\(number)") else { continue }
                if ledgers.contains(target) { return "A scheduler (process \(process))" }
                if let queue, target.hasPrefix(queue) { return "The queue's Redis (process \(process))" }
            }
        }
        return nil
    }

    /// What a file takes the place of. The queue and the ledger are several files, which belong together.
    private func replaced(by entry: BackupManifest.Entry) -> [String] {
        switch entry.kind {
        case .redis: ["appendonlydir", "appendonly.aof", "dump.rdb"].map { "\(manifest.stateDir)/redis/\($0)" }
        case .ledger: [entry.path, "\(entry.path)-wal", "\(entry.path)-shm"]
        case .secret, .host, .configuration, .machines: [entry.path]
        }
    }
}

extension BackupReader {
    /// Puts everything in place. Copies come first: one that fails, as on a full disk, has changed nothing.
    func restore() throws {
        var drafts: [String] = []
        do {
            for entry in manifest.entries {
                try makeDirectory(for: entry)
                drafts.append(draft(of: entry))
                try Files.copy("\(directory)/\(entry.name)", to: draft(of: entry))
                try give(draft(of: entry), to: entry, mode: entry.mode)
            }
        } catch {
            for path in drafts { unlink(path) }
            throw error
        }
        // A rename replaces what has the same name; this is what would go on beside it.
        let replaced = Set(manifest.entries.flatMap { self.replaced(by: $0) })
        for path in replaced.subtracting(manifest.entries.map(\.path)) { Files.remove(path) }
        for entry in manifest.entries {
            // The log of the queue has a directory, which was just removed.
            try makeDirectory(for: entry)
            guard rename(draft(of: entry), entry.path) == 0 else {
                throw Failure(.failed, "Can't put \(entry.path) in place: \(String(cString: strerror(errno)))")
            }
        }
    }

    /// Beside the directory in which it goes, on the same file system.
    private func draft(of entry: BackupManifest.Entry) -> String {
        let name = entry.name.replacing("/", with: "_")
        return entry.kind == .redis ? "\(manifest.stateDir)/redis/.restored-\(name)" : "\(entry.path).restored"
    }

    /// Directories that are made belong to whose the file is. Those of configuration are for everybody to read.
    private func makeDirectory(for entry: BackupManifest.Entry) throws {
        var missing: [String] = []
        var place = Files.directory(of: entry.path)
        while !Files.exists(place), place != "/" {
            missing.append(place)
            place = Files.directory(of: place)
        }
        let isPublic = entry.kind == .configuration || entry.kind == .machines
        for path in missing.reversed() {
            guard mkdir(path, 0o700) == 0 else {
                throw Failure(.failed, "Can't make \(path): \(String(cString: strerror(errno)))")
            }
            try give(path, to: entry, mode: isPublic ? 0o755 : 0o700)
        }
    }

    private func give(_ path: String, to entry: BackupManifest.Entry, mode: UInt32) throws {
        var rights = try rights(of: entry)
        rights.mode = mode
        try rights.set(of: path)
    }

    /// Who is not root can give nothing away: everything becomes theirs.
    private func rights(of entry: BackupManifest.Entry) throws(Failure) -> FileRights {
        let isRoot = geteuid() == 0
        let names = isRoot ? (entry.owner, entry.group) : ("\(geteuid())", "\(getegid())")
        if let rights = FileRights(userName: names.0, groupName: names.1, mode: entry.mode) { return rights }
        throw Failure(
            .failed,
            "This host has no user \(entry.owner) or no group \(entry.group), whose \(entry.path) is. Make them first.")
    }
}
