internal import FoundationEssentials

/// Where a Redis server listens and how to sign in there.
///
/// - `redis://[[user]:password@]host[:port][/database]`
/// - `rediss://...`, the same over TLS; `?ca=FILE` trusts that certificate authority instead of the system's,
///   `&cert=FILE&key=FILE` shows a certificate to the server (Redis asks for one unless `tls-auth-clients` is `no`)
/// - `unix:///path[?db=database]`, also with `[user]:password@` before the path
///
/// Reserved characters in a user, a password or a path are percent-encoded.
package struct RedisAddress: Sendable, Hashable, CustomStringConvertible {
    enum Endpoint: Sendable, Hashable {
        case tcp(host: String, port: Int)
        case tls(host: String, port: Int, TLSFiles)
        case unixSocket(String)
    }

    struct TLSFiles: Sendable, Hashable {
        var authority: String?
        var certificate: String?
        var key: String?
    }

    /// A text that no description, log or dump shows.
    struct Secret: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
        let text: String
        var description: String { "<redacted>" }
        var customMirror: Mirror { Mirror(self, children: []) }
    }

    let endpoint: Endpoint
    let user: String?
    let password: Secret?
    let database: Int

    /// Whether the server is on this host, by a Unix socket.
    package var isUnixSocket: Bool {
        if case .unixSocket = endpoint { true } else { false }
    }

    package init(unixSocket path: String) {
        endpoint = .unixSocket(path)
        user = nil
        password = nil
        database = 0
    }

    /// - Throws: `RedisError` `.badAddress`. Its text never repeats the URL, which may hold a password.
    package init(url: String) throws(RedisError) {
        guard let parts = URLComponents(string: url) else {
            throw RedisError(.badAddress, "this is not a URL like redis://host:6379 or unix:///run/redis.sock")
        }
        guard parts.fragment == nil else {
            throw RedisError(.badAddress, "a # in the URL must be written as %23")
        }
        var queries = try RedisAddress.queries(of: parts)
        let path: String
        switch parts.scheme?.lowercased() {
        case "redis":
            endpoint = .tcp(host: try RedisAddress.host(of: parts), port: parts.port ?? 6379)
            path = parts.path
        case "rediss":
            let files = TLSFiles(
                authority: queries.removeValue(forKey: "ca"), certificate: queries.removeValue(forKey: "cert"),
                key: queries.removeValue(forKey: "key"))
            guard (files.certificate == nil) == (files.key == nil) else {
                throw RedisError(.badAddress, "cert= and key= belong together")
            }
            endpoint = .tls(host: try RedisAddress.host(of: parts), port: parts.port ?? 6379, files)
            path = parts.path
        case "unix":
            guard (parts.host ?? "").isEmpty, parts.path.hasPrefix("/"), parts.path != "/" else {
                throw RedisError(.badAddress, "a Unix socket needs an absolute path: unix:///run/redis.sock")
            }
            guard parts.path.utf8.count < 108 else {
                throw RedisError(.badAddress, "the path of a Unix socket has at most 107 bytes (unix(7))")
            }
            endpoint = .unixSocket(parts.path)
            path = queries.removeValue(forKey: "db").map { "/" + $0 } ?? ""
        default:
            throw RedisError(.badAddress, "the URL must begin with redis://, rediss:// or unix://")
        }
        if let unknown = queries.keys.min() {
            throw RedisError(.badAddress, "the URL has an unknown option: \(unknown)")
        }
        user = parts.user.flatMap { $0.isEmpty ? nil : $0 }
        password = parts.password.flatMap { $0.isEmpty ? nil : Secret(text: $0) }
        if user != nil && password == nil {
            throw RedisError(.badAddress, "the URL names a user without a password")
        }
        database = try RedisAddress.database(in: path)
    }

    package var description: String {
        let login = password.map { _ in "\(user ?? ""):***@" } ?? ""
        func authority(_ host: String, _ port: Int) -> String {
            host.contains(":") ? "\(login)[\(host)]:\(port)" : "\(login)\(host):\(port)"
        }
        let number = database == 0 ? "" : String(database)
        return switch endpoint {
        case .tcp(let host, let port): "redis://\(authority(host, port))" + (number.isEmpty ? "" : "/\(number)")
        case .tls(let host, let port, _): "rediss://\(authority(host, port))" + (number.isEmpty ? "" : "/\(number)")
        case .unixSocket(let path): "unix://\(login)\(path)" + (number.isEmpty ? "" : "?db=\(number)")
        }
    }
}

extension RedisAddress {
    private static func host(of parts: URLComponents) throws(RedisError) -> String {
        var host = parts.host ?? ""
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty else { throw RedisError(.badAddress, "the URL names no host") }
        guard parts.port.map({ (1...65535).contains($0) }) ?? true else {
            throw RedisError(.badAddress, "the port must be 1 to 65535")
        }
        return host
    }

    private static func database(in path: String) throws(RedisError) -> Int {
        let text = path.drop { $0 == "/" }
        if text.isEmpty { return 0 }
        guard text.allSatisfy({ ("0"..."9").contains($0) }), let number = Int(text) else {
            throw RedisError(.badAddress, "the database must be a number")
        }
        return number
    }

    private static func queries(of parts: URLComponents) throws(RedisError) -> [String: String] {
        var queries: [String: String] = [:]
        for item in parts.queryItems ?? [] {
            guard queries.updateValue(item.value ?? "", forKey: item.name) == nil else {
                throw RedisError(.badAddress, "the URL has an option twice: \(item.name)")
            }
        }
        return queries
    }
}
