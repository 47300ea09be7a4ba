internal import Synchronization

/// A Lua script. Make one `static let` for each: it remembers the digest by which Redis knows it.
package struct RedisScript: Sendable {
    /// For messages and logs.
    package let name: String
    package let source: String
    let digest = Digest()

    package init(name: String, source: String) {
        self.name = name
        self.source = source
    }

    /// The SHA-1 of the source as SCRIPT LOAD answers it, known after the first use. It is the same on every server.
    final class Digest: Sendable {
        private let text = Mutex<String?>(nil)

        var value: String? {
            get { text.withLock { $0 } }
            set { text.withLock { $0 = newValue } }
        }
    }
}

extension RedisClient {
    /// Runs a script: one EVALSHA. Only the first use in a process, and the first on a server that does not know the
    /// script, loads it before.
    ///
    /// - Throws: ``RedisError`` as ``send(_:)`` does; what the script itself raises is `.server`.
    package func evaluate(
        _ script: RedisScript, keys: [String] = [], arguments: [String]
    ) async throws(RedisError) -> RedisValue {
        if let digest = script.digest.value {
            do throws(RedisError) {
                return try await evaluate(digest, keys, arguments)
            } catch {
                // With `.noScript` nothing ran: the server was restarted, or is another one now.
                guard error.code == .noScript else { throw error }
            }
        }
        let digest = try await load(script)
        script.digest.value = digest
        return try await evaluate(digest, keys, arguments)
    }

    private func load(_ script: RedisScript) async throws(RedisError) -> String {
        do throws(RedisError) {
            guard let digest = try await send(["SCRIPT", "LOAD", script.source]).string else {
                throw RedisError(.server, "SCRIPT LOAD answered without a digest")
            }
            return digest
        } catch {
            guard error.code == .server else { throw error }
            // Mostly a mistake in the source, and Redis does not know its name. Redis' own word stays the first.
            throw RedisError(.server, "\(error.detail) (script \(script.name))", address: address, cause: error)
        }
    }

    private func evaluate(
        _ digest: String, _ keys: [String], _ arguments: [String]
    ) async throws(RedisError) -> RedisValue {
        try await send(["EVALSHA", digest, String(keys.count)] + keys + arguments)
    }
}
