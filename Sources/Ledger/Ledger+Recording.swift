package import Domain
import GRDB

extension Ledger {
    /// Records entries in one transaction: all of them, or none. What is there already stays as it is.
    /// - Throws: `LedgerError` `.badID` for an entry whose id is none of a stream.
    package func record(_ entries: [AuditEntry]) async throws(LedgerError) {
        var rows: [(id: StreamID, entry: AuditEntry)] = []
        for entry in entries { rows.append((try streamID(entry.id), entry)) }
        guard let newest = rows.map(\.id).max() else { return }
        try await write { [rows] database in
            let insert = try database.cachedStatement(
                sql: """
                    INSERT INTO audit (ms, seq, at, who, address, act, what, detail, count)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (ms, seq) DO NOTHING
                    """)
            for (id, entry) in rows {
                try insert.execute(arguments: [
                    id.milliseconds, id.sequence, entry.at, entry.who.whole, entry.from.whole, entry.act.rawValue,
                    entry.what.whole, entry.detail.whole, entry.count,
                ])
            }
            try database.execute(
                sql: """
                    INSERT INTO newest (one, ms, seq) VALUES (1, ?, ?)
                    ON CONFLICT (one) DO UPDATE SET ms = excluded.ms, seq = excluded.seq
                    WHERE (excluded.ms, excluded.seq) > (newest.ms, newest.seq)
                    """,
                arguments: [newest.milliseconds, newest.sequence])
        }
    }

    /// Removes the entries from before a moment, in milliseconds since the epoch. `lastID` stays.
    /// - Returns: How many were removed.
    @discardableResult
    package func prune(before moment: Int64) async throws(LedgerError) -> Int {
        try await write { database in
            try database.execute(sql: "DELETE FROM audit WHERE at < ?", arguments: [moment])
            return database.changesCount
        }
    }

    func streamID(_ text: String) throws(LedgerError) -> StreamID {
        guard let id = StreamID(text) else { throw LedgerError(.badID, path: path, detail: text) }
        return id
    }
}

extension String {
    /// With another sign for each NUL: a text given to SQLite ends at the first one, so "alice\0eve" would be alice.
    var whole: String { replacing("\0", with: "\u{FFFD}") }
}
