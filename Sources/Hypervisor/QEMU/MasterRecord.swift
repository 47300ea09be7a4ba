package import Catalogue
import Domain
package import Machines
import Processes

/// Which file a session's machine was made of. Kept in the session's run directory, so that it is known after a restart.
struct MasterRecord: Sendable, Hashable {
    var path: String
    /// Which file it was; nil for a session that writes to it.
    var identity: ImageIdentity?

    init(path: String, identity: ImageIdentity?) {
        self.path = path
        self.identity = identity
    }

    /// Reads what was kept; nil if nothing was, as for a session of an earlier version.
    init?(_ paths: SessionPaths, _ place: MachineShape.DiskContent.Place = .own) {
        guard let lines = Files.read(paths.master + place.rawValue)?.split(separator: "\n", maxSplits: 1),
            lines.count == 2
        else {
            return nil
        }
        let identity = ImageIdentity(text: lines[0])
        guard identity != nil || lines[0] == Self.written else { return nil }
        // A path may have a newline in it, but the file's last one is not its own.
        self.init(path: String(lines[1].dropLast()), identity: identity)
    }

    /// Those of all files that a session's machine was made of.
    static func all(_ paths: SessionPaths) -> [MasterRecord] {
        MachineShape.DiskContent.Place.allCases.compactMap { MasterRecord(paths, $0) }
    }

    /// Stands for the identity of a file that its session writes to.
    private static let written = "written"

    func write(_ paths: SessionPaths, _ place: MachineShape.DiskContent.Place = .own) throws(ProcessError) {
        try Files.write("\(identity?.text ?? Self.written)\n\(path)\n", to: paths.master + place.rawValue)
    }

    /// What is wrong with the file by now, in words for the session's user; nil if it can't be looked at, empty if it is as
    /// it was. Waits for the disk.
    func problem() -> String? {
        guard let identity else { return "" }
        let file: ImageFile
        do {
            file = try ImageFile(path: path)
        } catch {
            // The machine has the file open; that its name is gone changes nothing for it.
            return error.kind == .missing ? "" : nil
        }
        switch file.identity.change(since: identity) {
        case .replaced?:
            return
                "The machine's disk file was replaced while this desktop runs. This desktop goes on with the old one."
        case .modified?:
            return "The machine's disk file was changed while this desktop runs on it, and what is read from it may be"
                + " damaged: end this desktop and start another one. Replace images with mv, not cp (\(path))."
        case nil:
            return file.isOpenForWriting
                ? "The machine's disk file is open for writing while this desktop runs on it. Replace images with mv, not cp (\(path))."
                : ""
        }
    }
}

extension ImageIdentity {
    package enum Change: Sendable, Hashable {
        /// Another file is at the path. Who has the former one open goes on with it.
        case replaced
        /// The same file has other bytes, or was written to.
        case modified
    }

    /// What happened to the file at a path since it had the identity `earlier`; nil if nothing did.
    ///
    /// Other rights, owners or names (`changed`) are no change of the bytes: chmod, chown and hard links of a backup must
    /// alarm nobody.
    package func change(since earlier: ImageIdentity) -> Change? {
        if device != earlier.device || inode != earlier.inode { return .replaced }
        return size != earlier.size || modified != earlier.modified ? .modified : nil
    }

    fileprivate var text: String { "\(device) \(inode) \(size) \(modified) \(changed)" }

    fileprivate init?(text: some StringProtocol) {
        let words = text.split(separator: " ")
        guard words.count == 5, let device = UInt64(words[0]), let inode = UInt64(words[1]), let size = Int64(words[2]),
            let modified = Int64(words[3]), let changed = Int64(words[4])
        else { return nil }
        self.init(device: device, inode: inode, size: size, modified: modified, changed: changed)
    }
}

extension QEMUHypervisor {
    /// The files that machines on this host were made of, and may still run from.
    package static func mastersInUse(_ paths: HostPaths) -> Set<String> {
        Set(masters(paths).map(\.record.path))
    }

    /// The files that sessions on this host write to, though they are machines' own.
    package static func mastersWritten(_ paths: HostPaths) -> Set<String> {
        Set(masters(paths).filter { $0.record.identity == nil }.map(\.record.path))
    }

    static func masters(_ paths: HostPaths) -> [(session: SessionID, record: MasterRecord)] {
        Files.names(in: paths.sessions).compactMap { SessionID($0) }.flatMap { session in
            MasterRecord.all(paths.session(session)).map { (session, $0) }
        }
    }
}
