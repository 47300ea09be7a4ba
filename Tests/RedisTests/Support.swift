import Logging
import Redis
import TestSupport

extension RedisServer {
    func client(commandTimeout: Duration = .seconds(30)) -> RedisClient {
        RedisClient(address: address, commandTimeout: commandTimeout, logger: .quiet)
    }
}

extension Logger {
    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

/// Asks until the answer is yes. Each question goes to the server, so this does not spin.
func until(_ isTrue: () async throws -> Bool) async throws {
    while try await !isTrue() { try Task.checkCancellation() }
}

extension RedisClient {
    /// A number of INFO, e.g. `blocked_clients`.
    func statistic(_ name: String) async throws -> Int? {
        let line = try await send(["INFO", "all"]).string?.split(whereSeparator: \.isNewline)
            .first { $0.hasPrefix(name + ":") }
        return line.flatMap { Int($0.dropFirst(name.count + 1)) }
    }
}

extension RedisClient {
    /// How a command fails, or nil if it does not.
    func failure(of command: [String]) async -> RedisError.Code? {
        do throws(RedisError) {
            _ = try await send(command)
            return nil
        } catch {
            return error.code
        }
    }

    func failure(blocking command: [String], for timeout: Duration) async -> RedisError.Code? {
        do throws(RedisError) {
            _ = try await block(command, for: timeout)
            return nil
        } catch {
            return error.code
        }
    }
}
