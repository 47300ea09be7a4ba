import SystemPackage

/// Everything that the programs of a build said, in a file, and the last of it in memory.
///
/// Owned by the one task that builds; programs run one after the other.
struct BuildLog: ~Copyable {
    static let tailLimit = 15

    let path: String
    private let file: FileDescriptor
    /// The last lines.
    private(set) var tail: [String] = []

    init(path: String) throws(Errno) {
        self.path = path
        do {
            file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .truncate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch {
            throw error as? Errno ?? .ioError
        }
    }

    mutating func add(_ line: String) {
        tail.append(line)
        if tail.count > Self.tailLimit { tail.removeFirst() }
        // A log that can't be written must not end the build; its lines are in memory as well.
        _ = try? file.writeAll((line + "\n").utf8)
    }

    mutating func begin(_ command: String) {
        tail = []
        _ = try? file.writeAll("+ \(command)\n".utf8)
    }

    deinit { try? file.close() }
}
