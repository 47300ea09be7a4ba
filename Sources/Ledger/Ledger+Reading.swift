package import Domain
import GRDB

extension Ledger {
    /// The newest id that was ever recorded, pruned or not; nil before the first one. The stream goes on behind it.
    package var lastID: String? {
        get async throws(LedgerError) {
            try await read { database in
                try Row.fetchOne(database, sql: "SELECT ms, seq FROM newest").map { row in
                    StreamID(milliseconds: row["ms"], sequence: row["seq"]).description
                }
            }
        }
    }

    /// The entries that a query asks for, newest first.
    /// - Throws: `LedgerError` `.badID` if `before` is no id.
    package func entries(matching query: AuditQuery = AuditQuery()) async throws(LedgerError) -> [AuditEntry] {
        var conditions: [String] = []
        var arguments = StatementArguments()
        func require(_ condition: String, _ values: (any DatabaseValueConvertible)?...) {
            guard values.allSatisfy({ $0 != nil }) else { return }
            conditions.append(condition)
            arguments += StatementArguments(values)
        }
        let before = try query.before.map(streamID)
        require("who = ?", query.who?.whole)
        require("act = ?", query.act?.rawValue)
        require("what = ?", query.what?.whole)
        require("at >= ?", query.since)
        require("at < ?", query.until)
        require("(ms, seq) < (?, ?)", before?.milliseconds, before?.sequence)
        // For SQLite a limit below zero is none.
        arguments += [max(0, query.limit)]
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        return try await read { [arguments] database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM audit \(filter) ORDER BY ms DESC, seq DESC LIMIT ?",
                arguments: arguments
            ).map(AuditEntry.init(row:))
        }
    }
}

extension AuditEntry {
    fileprivate init(row: Row) {
        let word: String = row["act"]
        let detail: String = row["detail"]
        let act = AuditAct(rawValue: word)
        self.init(
            id: StreamID(milliseconds: row["ms"], sequence: row["seq"]).description, at: row["at"], who: row["who"],
            from: row["address"], act: act ?? .other, what: row["what"],
            detail: act == nil ? "\(word): \(detail)" : detail, count: row["count"])
    }
}
