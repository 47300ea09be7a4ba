import Foundation
import Glibc
import Processes
import Secrets

/// What is in a backup: each file with its place on the host, whose it is, and its sum.
struct BackupManifest: Codable {
    enum Kind: String, Codable {
        case secret, host, ledger, redis, configuration, machines

        /// In words for a person.
        var title: String {
            switch self {
            case .secret: "the secret"
            case .host: "the host's id"
            case .ledger: "the ledger"
            case .redis: "the queue"
            case .configuration: "configuration"
            case .machines: "machines"
            }
        }
    }

    struct Entry: Codable {
        var kind: Kind
        /// Below the backup's directory.
        var name: String
        /// Where it was, and where it goes.
        var path: String
        var mode: UInt32
        /// By name, because numbers differ from host to host.
        var owner: String
        var group: String
        var sha256: String
    }

    /// What these lines mean. A later program may write another one, which this one does not know.
    static let currentFormat = 1
    static let fileName = "manifest.json"

    var format = currentFormat
    /// The program's.
    var version = Version.text
    var at: String
    var stateDir: String
    var runtimeDir: String
    var entries: [Entry] = []

    /// - Throws: `Failure` for what is no backup, or one of a later program.
    static func read(from directory: String) throws(Failure) -> BackupManifest {
        let path = "\(directory)/\(fileName)"
        guard let text = Files.read(path) else {
            throw Failure(.failed, "\(directory) has no \(fileName): it is no backup, or one that was interrupted.")
        }
        struct Header: Decodable { var format: Int }
        let data = Data(text.utf8)
        guard let header = try? JSONDecoder().decode(Header.self, from: data) else { throw broken(path) }
        guard header.format == currentFormat else {
            throw Failure(
                .failed, "\(path) is of another version of qwd (format \(header.format)). Restore it with that one.")
        }
        guard let manifest = try? JSONDecoder().decode(BackupManifest.self, from: data) else { throw broken(path) }
        return manifest
    }

    private static func broken(_ path: String) -> Failure { Failure(.failed, "\(path) is damaged.") }

    func write(to directory: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try Files.write(
            String(decoding: try encoder.encode(self), as: UTF8.self) + "\n", to: "\(directory)/\(Self.fileName)")
    }

    /// The sum of a file, in hexadecimal digits.
    static func sum(of path: String) throws(Failure) -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(.failed, "Can't read \(path): \(String(cString: strerror(errno)))")
        }
        return Digest.sha256.of([UInt8](data)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
