import Domain
import Foundation
import Ledger

/// A directory for one ledger, removed with the value.
final class LedgerDirectory: Sendable {
    let path: String
    var ledger: String { path + "/ledger.sqlite" }

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "qwd-ledger-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        // A directory left behind in /tmp harms no other test.
        try? FileManager.default.removeItem(atPath: path)
    }

    func mode(of name: String) throws -> Int? {
        let attributes = try FileManager.default.attributesOfItem(atPath: path + "/" + name)
        return (attributes[.posixPermissions] as? NSNumber)?.intValue
    }
}

/// An entry whose time is that of its id.
func entry(
    _ id: String, who: String = "alice", act: AuditAct = .create, what: String = "", detail: String = ""
) -> AuditEntry {
    let at = id.split(separator: "-").first.flatMap { Int64($0) } ?? 0
    return AuditEntry(id: id, at: at, who: who, from: "192.0.2.1", act: act, what: what, detail: detail)
}

extension Ledger {
    func ids(_ query: AuditQuery = AuditQuery()) async throws -> [String] {
        try await entries(matching: query).map(\.id)
    }

    /// The error of an opening that must fail.
    static func failure(of open: () async throws(LedgerError) -> Ledger) async -> LedgerError? {
        do throws(LedgerError) {
            _ = try await open()
            return nil
        } catch { return error }
    }
}
