/// Functions in Lua that a server keeps under their names (FUNCTION LOAD). They cost less than scripts, because what they share
/// is made once and not with each call, and the server's logs name them.
///
/// The library's name and those of its functions end in a digest of the source. So processes of two versions can use one
/// server, each with functions of its own.
package struct RedisLibrary: Sendable {
    /// For messages and logs: what FUNCTION LIST shows, without the digest.
    package let name: String
    /// What the server gets.
    package let source: String
    private let suffix: String

    /// - Parameters:
    ///   - name: A word; it stands before the digest in the names of the library and of its functions.
    ///   - shared: Lua that stands before all functions. When it is loaded it can call nothing, Redis' own least of all.
    ///   - functions: Their names, words too, and for each an expression that is a function of the keys and the arguments.
    ///     `frees`: it may write also while the server has no memory left, because it makes nothing that stays.
    package init(name: String, shared: String, functions: [(name: String, function: String, frees: Bool)]) {
        let suffix = Self.digest(shared + functions.map { "\($0.name) \($0.frees) \($0.function)" }.joined())
        self.name = name
        self.suffix = suffix
        source =
            "#!lua name=\(name)_\(suffix)\n" + shared
            + functions.map { function in
                "redis.register_function{ function_name = '\(name)_\(function.name)_\(suffix)', callback = \(function.function)"
                    + (function.frees ? ", flags = { 'allow-oom' }" : "") + " }\n"
            }.joined()
    }

    /// The name by which the server calls a function.
    func command(_ function: String) -> String { "\(name)_\(function)_\(suffix)" }

    /// FNV-1a of 64 bits: two versions differ, and nobody gains anything from two that don't.
    private static func digest(_ text: String) -> String {
        let value = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(value, radix: 16)
    }
}

extension RedisClient {
    /// Calls a function: one FCALL. A server that does not know the library gets it first.
    ///
    /// - Throws: ``RedisError`` as ``send(_:)`` does; what the function itself raises is `.server`.
    package func call(
        _ function: String, of library: RedisLibrary, arguments: [String]
    ) async throws(RedisError) -> RedisValue {
        let command = ["FCALL", library.command(function), "0"] + arguments
        do {
            return try await send(command)
        } catch {
            // Nothing ran: the server is new, or lost what it had.
            guard error.code == .noScript else { throw error }
        }
        try await load(library)
        return try await send(command)
    }

    private func load(_ library: RedisLibrary) async throws(RedisError) {
        do {
            _ = try await send(["FUNCTION", "LOAD", library.source])
        } catch {
            // Somebody else was faster.
            if error.code == .server, error.detail.contains("already exists") { return }
            guard error.code == .server else { throw error }
            // Mostly a mistake in the source, and Redis does not know its name. Redis' own word stays the first.
            throw RedisError(
                .server, "\(error.detail) (functions of \(library.name))", address: address, cause: error)
        }
    }
}
