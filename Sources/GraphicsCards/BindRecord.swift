import FoundationEssentials
import Processes

/// What `bind` has done on this host, kept in a file so that `unbind` takes back that and nothing else.
package struct BindRecord: Hashable, Sendable, Codable {
    /// A function as it was before.
    struct Function: Hashable, Sendable, Codable {
        let address: PCIAddress
        let identifier: PCIIdentifier
        let driver: String?
        /// The module of that driver, which must load after vfio-pci.
        let module: String?
        /// Its `driver_override`, if it had one.
        let override: String?
    }

    struct Card: Hashable, Sendable, Codable {
        let address: PCIAddress
        let functions: [Function]
    }

    struct File: Hashable, Sendable, Codable {
        let path: String
        /// Nil if there was no such file.
        let before: Data?
        /// What `bind` left. Two where it was interrupted, or is at work.
        var left: [Data]
    }

    private var version = 1
    /// The group that may use the devices.
    var userGroup: String
    var editsBootParameters: Bool
    var cards: [Card] = []
    var files: [File] = []

    init(userGroup: String, editsBootParameters: Bool) {
        self.userGroup = userGroup
        self.editsBootParameters = editsBootParameters
    }

    /// The cards that are bound.
    package var addresses: [PCIAddress] { cards.map(\.address) }

    func file(_ path: String) -> File? { files.first { $0.path == path } }

    var functions: [Function] { cards.flatMap(\.functions) }
}

extension BindRecord {
    /// - Returns: Nil if nothing is bound.
    /// - Throws: `.malformed` if the file is not what `write` wrote; `.system` if it can't be read.
    package static func read(_ path: String) throws(GraphicsCardsError) -> BindRecord? {
        guard let data = try HostTree(root: "").content(path) else { return nil }
        do {
            let record = try JSONDecoder().decode(BindRecord.self, from: data)
            guard record.version == 1 else {
                throw GraphicsCardsError(.malformed, "\(path) is of a newer qwd: use that to unbind.")
            }
            return record
        } catch let error as GraphicsCardsError {
            throw error
        } catch {
            throw GraphicsCardsError(
                .malformed,
                "\(path) can't be understood, so nobody knows what qwd gpu bind has changed. Restore it from a backup, or"
                    + " take the lines out of /etc by hand that mention qwd, and remove it.", cause: error)
        }
    }

    func write(_ path: String) throws(GraphicsCardsError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        do {
            let data = try encoder.encode(self)
            try HostTree(root: "").replace(path, with: data, mode: 0o600)
        } catch let error as GraphicsCardsError {
            throw error
        } catch {
            throw GraphicsCardsError(.system, "Can't write \(path): \(error)", cause: error)
        }
    }
}
