package import Domain
import FoundationEssentials
import Glibc

/// The service's secret, from which the display token of every session follows, and the keys of all that is sealed.
///
/// Frontend and worker both compute a token when they need it, so it is stored nowhere: not in Redis, in no argument,
/// environment or log. A token names one session and one fence: it dies with the session and never opens another one.
package struct ServiceSecret: Sendable, CustomStringConvertible {
    let key: [UInt8]

    package init(bytes: [UInt8]) {
        key = bytes
    }

    /// The token of a session: HMAC-SHA256 over its id and fence, base64url without padding, 43 characters.
    package func token(session: SessionID, fence: Int) -> String {
        Data(Digest.sha256.hmac(Array("display \(session) \(fence)".utf8), key: key)).base64URL
    }

    /// The token of a session's exchange folder, which outlives the session: made as the display's, 43 characters too.
    package func fileToken(session: SessionID) -> String {
        Data(Digest.sha256.hmac(Array("files \(session)".utf8), key: key)).base64URL
    }

    /// What says that somebody who knows the secret gives a session the rights that it asks for. It stands in Redis, so it is good
    /// for that session alone.
    package func seal(rights: String, session: SessionID) -> String {
        Data(Digest.sha256.hmac(Array("rights \(session) \(rights)".utf8), key: key)).base64URL
    }

    /// Whether all that a request asks for was given to it by somebody who knows the secret.
    package func hasGiven(_ request: SessionRequest, to session: SessionID) -> Bool {
        ConstantTime.isEqual(seal(rights: request.rights, session: session), request.seal ?? "")
    }

    /// The request with its seal.
    package func sealed(_ request: SessionRequest, for session: SessionID) -> SessionRequest {
        var request = request
        request.seal = seal(rights: request.rights, session: session)
        return request
    }

    package var description: String { "<redacted>" }
}

extension ServiceSecret {
    private static let length = 32

    /// Reads the secret from `path`, or makes it there with mode 0600 if there is none. Two processes that start at the
    /// same time get the same secret.
    /// - Throws: `ServiceSecretError` naming the file and the way out.
    package static func load(path: String) throws(ServiceSecretError) -> ServiceSecret {
        if let secret = try read(path) { return secret }
        let draft = "\(path).\(getpid())"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ServiceSecretError(path: path, problem: "can't be made") }
        let written = write(descriptor, RandomBytes.make(length), length)
        close(descriptor)
        defer { unlink(draft) }
        // A hard link appears whole or not at all, and fails if somebody else was first.
        guard written == length, link(draft, path) == 0 || errno == EEXIST else {
            throw ServiceSecretError(path: path, problem: "can't be written")
        }
        guard let secret = try read(path) else { throw ServiceSecretError(path: path, problem: "vanished") }
        return secret
    }

    /// Reads the secret that the service has made.
    /// - Throws: If there is none: a new one would open no display.
    package static func existing(path: String) throws(ServiceSecretError) -> ServiceSecret {
        if let secret = try read(path) { return secret }
        throw ServiceSecretError(
            path: path, problem: "is not there. Copy it from the frontend's host, or give its state_dir")
    }

    /// Reads the secret that systemd gives a service (systemd.exec(5), LoadCredential=). Whose the file is, and who may read it, is
    /// systemd's to see to, and differs from file system to file system.
    package static func credential(path: String) throws(ServiceSecretError) -> ServiceSecret {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ServiceSecretError(path: path, problem: "can't be read: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        return try content(of: descriptor, path)
    }

    private static func read(_ path: String) throws(ServiceSecretError) -> ServiceSecret? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw ServiceSecretError(path: path, problem: "can't be read: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw ServiceSecretError(path: path, problem: "is no file; remove it, then every open display link ends")
        }
        // Who wrote it knows it, and what follows from it: every display, and every login that is sealed.
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw ServiceSecretError(
                path: path,
                problem: "belongs to user \(status.st_uid), who may know it, and this is user \(geteuid()); remove it, "
                    + "then a new one is made and every open display link ends")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw ServiceSecretError(path: path, problem: "may be read by others; set its mode to 0600")
        }
        return try content(of: descriptor, path)
    }

    private static func content(of descriptor: CInt, _ path: String) throws(ServiceSecretError) -> ServiceSecret {
        var bytes = [UInt8](repeating: 0, count: length + 1)
        guard Glibc.read(descriptor, &bytes, length + 1) == length else {
            throw ServiceSecretError(
                path: path, problem: "does not have \(length) bytes; remove it, then every open display link ends")
        }
        return ServiceSecret(bytes: Array(bytes.prefix(length)))
    }
}

/// Why the service's secret can't be used.
package struct ServiceSecretError: Error, Sendable, CustomStringConvertible {
    package var path: String
    package var problem: String

    package var description: String { "The secret file \(path) \(problem)." }
}
