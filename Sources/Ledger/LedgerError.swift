import GRDB

/// Why the ledger could not be opened, written or read.
package struct LedgerError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        /// There is no such file, or no directory to make it in.
        case missing
        /// The system does not let us.
        case unreadable
        /// The file is no database, or a damaged one.
        case corrupt
        case full
        /// Another process wrote for longer than the caller's patience.
        case busy
        /// A newer version made the file.
        case newer
        /// It was opened for reading.
        case readOnly
        /// An id that is none of a stream.
        case badID
        /// The caller's task was cancelled. Nothing was recorded.
        case cancelled
        /// Anything else that SQLite says.
        case failed
    }

    package var code: Code
    package var path: String
    /// The words of SQLite or of the system; for `badID` the id.
    package var detail: String
    package var cause: (any Error)?

    package init(_ code: Code, path: String, detail: String = "", cause: (any Error)? = nil) {
        self.code = code
        self.path = path
        self.detail = detail
        self.cause = cause
    }

    /// The file, what is wrong with it, and the way out.
    package var description: String {
        let words = detail.isEmpty ? "" : " (\(detail))"
        return switch code {
        case .missing:
            "\(path): there is no ledger yet\(words); a running scheduler makes it, in a directory that exists"
        case .unreadable:
            "\(path): the ledger can't be opened or written\(words); it and its directory must belong to who runs qwd"
        case .corrupt:
            "\(path): the ledger is damaged\(words); move it away, with \(path)-wal and \(path)-shm, "
                + "and a new one is made"
        case .full: "\(path): no room for the ledger\(words); free some space on that disk"
        case .busy: "\(path): another process holds the ledger\(words); end it, or try again"
        case .newer: "\(path): a newer version of qwd made this ledger; run that version, or move the file away"
        case .readOnly: "\(path): the ledger was opened for reading"
        case .badID: "\(path): \"\(detail)\" is no id of an entry, which is as 1700000000000-0"
        case .cancelled: "\(path): the call was cancelled"
        case .failed: "\(path): the ledger failed\(words)"
        }
    }
}

extension LedgerError {
    init(_ error: any Error, path: String) {
        switch error {
        case let error as LedgerError: self = error
        case let error as DatabaseError:
            self.init(
                Code(error), path: path, detail: error.message ?? error.resultCode.description, cause: error)
        case is CancellationError: self.init(.cancelled, path: path, cause: error)
        default: self.init(.failed, path: path, detail: "\(error)", cause: error)
        }
    }
}

extension LedgerError.Code {
    fileprivate init(_ error: DatabaseError) {
        // The file of the shared index could not grow, which is the first to meet a full disk.
        if error.extendedResultCode == .SQLITE_IOERR_SHMSIZE {
            self = .full
            return
        }
        self =
            switch error.resultCode {
            case .SQLITE_FULL: .full
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: .corrupt
            case .SQLITE_BUSY, .SQLITE_LOCKED: .busy
            case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_AUTH, .SQLITE_IOERR: .unreadable
            default: .failed
            }
    }
}
