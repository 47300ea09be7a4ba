import Dispatch
import GRDB

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The lasting record of who did what: one SQLite file, which processes may share.
///
/// It is a copy of what the queue's stream said, so recording the same entry again changes nothing: a writer that was
/// ended takes up the stream behind `lastID`. A value is one connection; its calls wait for each other and for the disk
/// on a thread of its own. Who reads while another value writes sees the last committed state and does not wait.
package struct Ledger: Sendable {
    package let path: String
    private let queue: DatabaseQueue
    private let isReadOnly: Bool

    /// Opens the ledger, or makes it with mode 0600. The directory must exist.
    /// - Parameter patience: How long a call waits for another process that writes.
    /// - Throws: `LedgerError` naming the file and the way out.
    package init(path: String, patience: Duration = .seconds(5)) async throws(LedgerError) {
        queue = try await Self.openOffPool(path, lock: LOCK_EX) {
            try LedgerFile.prepare(path)
            var configuration = Self.configuration(patience)
            // And synchronous=NORMAL: after a power cut the last transactions may be gone, and `lastID` with them, so
            // that they come again.
            configuration.journalMode = .wal
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            if try queue.read(Schema.migrator.hasBeenSuperseded) { throw LedgerError(.newer, path: path) }
            try Schema.migrator.migrate(queue)
            return queue
        }
        self.path = path
        isReadOnly = false
    }

    /// Opens a ledger that exists, for reading alone, also while another process writes.
    /// - Throws: `LedgerError` `.missing` if nobody has made it yet.
    package init(reading path: String, patience: Duration = .seconds(5)) async throws(LedgerError) {
        queue = try await Self.openOffPool(path, lock: LOCK_SH) {
            try LedgerFile.checkExists(path)
            var configuration = Self.configuration(patience)
            configuration.readonly = true
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.read { database in
                if try Schema.migrator.hasBeenSuperseded(database) { throw LedgerError(.newer, path: path) }
                // Its writer was ended between making the file and filling it, or is of an older version.
                guard try Schema.migrator.hasCompletedMigrations(database) else {
                    throw LedgerError(.missing, path: path)
                }
            }
            return queue
        }
        self.path = path
        isReadOnly = true
    }

    /// Ends all access. Without this call the last copy of the value ends it, on whatever thread that is.
    package func close() async throws(LedgerError) {
        try await Self.offPool(path) { [queue] in try queue.close() }
    }

    /// Copies what the ledger is at one moment to a file of mode 0600, also while another process writes.
    package func copy(to path: String) async throws(LedgerError) {
        try await Self.offPool(path) { [queue] in
            try LedgerFile.prepare(path)
            let copy = try DatabaseQueue(path: path)
            try queue.backup(to: copy)
            // The copy is one file: nothing has to lie beside it, and who only reads it writes nothing.
            try copy.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            try copy.close()
        }
    }

    /// Changes the ledger in one transaction.
    func write<Value: Sendable>(
        _ change: @escaping @Sendable (Database) throws -> Value
    ) async throws(LedgerError) -> Value {
        if isReadOnly { throw LedgerError(.readOnly, path: path) }
        do {
            return try await queue.write(change)
        } catch {
            throw LedgerError(error, path: path)
        }
    }

    /// Reads from one moment of the ledger.
    func read<Value: Sendable>(
        _ question: @escaping @Sendable (Database) throws -> Value
    ) async throws(LedgerError) -> Value {
        do {
            return try await queue.read(question)
        } catch {
            throw LedgerError(error, path: path)
        }
    }

    private static func configuration(_ patience: Duration) -> Configuration {
        var configuration = Configuration()
        configuration.label = "qwd.ledger"
        let (seconds, attoseconds) = patience.components
        configuration.busyMode = .timeout(Double(seconds) + Double(attoseconds) / 1e18)
        return configuration
    }

    private static func openOffPool(
        _ path: String, lock: Int32, _ open: @escaping @Sendable () throws -> DatabaseQueue
    ) async throws(LedgerError) -> DatabaseQueue {
        try await offPool(path) { try LedgerFile.withDirectoryLocked(lock, of: path, open) }
    }

    /// GRDB opens and closes files on the thread that asks, so that must not be one of the cooperative pool.
    private static func offPool<Value: Sendable>(
        _ path: String, _ work: @escaping @Sendable () throws -> Value
    ) async throws(LedgerError) -> Value {
        let result = await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: Result(catching: work)) }
        }
        do {
            return try result.get()
        } catch {
            throw LedgerError(error, path: path)
        }
    }
}
