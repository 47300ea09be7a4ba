import Frontend
import Queue

/// The exit codes of the command line; the numbers above 2 are those of sysexits.h.
enum FailureCode: Int32, CaseIterable {
    case failed = 1
    case usage = 2
    case unavailable = 69
    case noRoom = 75
    case notAllowed = 77
    case badConfiguration = 78
    /// As a shell says of a program that Ctrl-C has ended: 128 and the number of SIGINT.
    case interrupted = 130

    /// In a few words, for help and manual pages.
    var meaning: String {
        switch self {
        case .failed: "failed"
        case .usage: "usage"
        case .unavailable: "unavailable"
        case .noRoom: "no room now"
        case .notAllowed: "not allowed"
        case .badConfiguration: "bad configuration"
        case .interrupted: "interrupted"
        }
    }
}

/// Why a command failed, in words for a person.
struct Failure: Error {
    var code: FailureCode
    var message: String

    init(_ code: FailureCode, _ message: String) {
        self.code = code
        self.message = message
    }

    init(_ error: QueueError) {
        switch error.code {
        case .unavailable: self.init(.unavailable, error.detail)
        case .limit(let limit):
            self.init(.notAllowed, (try? Texts.english())?.sentences(for: limit) ?? error.detail)
        case .tooBig(let resource, let largest):
            self.init(
                .notAllowed,
                (try? Texts.english())?.sentence(forMoreOf: resource, thanThe: largest) ?? error.detail)
        case .refused, .unexpected, .taken: self.init(.failed, error.detail)
        }
    }

    /// Runs `body` and turns an error of the queue into a failure of the command.
    static func translating<Value>(_ body: () async throws(QueueError) -> Value) async throws(Failure) -> Value {
        do { return try await body() } catch { throw Failure(error) }
    }
}
