import Glibc

/// A program that can not outlive this process.
///
/// A shell becomes the program, after it has left a watcher behind that reads from a socket pair: the end of that stream
/// means that this process is gone, and then the watcher kills the program.
final class Child: Sendable {
    private static let script = """
        { read -r _ <&3 || kill -KILL $$; } & exec "$@" 3<&-
        """

    let pid: pid_t
    private let lifeline: CInt

    /// - Parameters:
    ///   - input: Becomes descriptor 0; stays open here.
    ///   - log: File that gets what the program says.
    init(_ command: [String], input: CInt, log: String) throws {
        let pair = try SystemCall.socketPair()
        defer { close(pair.1) }
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_adddup2(&files, input, 0)
        posix_spawn_file_actions_addopen(&files, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&files, 1, 2)
        posix_spawn_file_actions_adddup2(&files, pair.1, 3)
        // Threads of the pool block most signals, and a child inherits that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var argv = (["sh", "-c", Child.script, "sh"] + command).map { strdup($0) }
        argv.append(nil)
        defer { argv.forEach { free($0) } }
        var pid: pid_t = 0
        try SystemCall.check(posix_spawn(&pid, "/bin/sh", &files, &attributes, argv, environ), "posix_spawn")
        self.pid = pid
        lifeline = pair.0
    }

    deinit {
        send(lifeline, "\n", 1, CInt(MSG_NOSIGNAL))
        kill(pid, SIGKILL)
        var status: CInt = 0
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        close(lifeline)
    }
}

/// System calls that fail with words.
enum SystemCall {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static func check(_ answer: CInt, _ name: String) throws {
        guard answer >= 0 else { throw Failure(description: "\(name): \(String(cString: strerror(errno)))") }
        guard answer == 0 || name != "posix_spawn" else { throw Failure(description: "posix_spawn: errno \(answer)") }
    }

    /// Two connected sockets that no other child inherits.
    static func socketPair() throws -> (CInt, CInt) {
        var pair: [CInt] = [-1, -1]
        try check(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair), "socketpair")
        return (pair[0], pair[1])
    }

    /// A new directory; its path is short, because the path of a Unix socket has less than 108 bytes (unix(7)).
    static func temporaryDirectory() throws -> String {
        var template = Array("/tmp/qwd-viewer-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw Failure(description: "mkdtemp: errno \(errno)") }
        return String(cString: made)
    }

    /// A socket that listens on any free port of the loopback address.
    static func listenOnLoopback() throws -> (descriptor: CInt, port: Int) {
        let number = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        try check(number, "socket")
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try check(bind(number, $0, length), "bind")
                try check(listen(number, 16), "listen")
                try check(getsockname(number, $0, &length), "getsockname")
            }
        }
        return (number, Int(UInt16(bigEndian: address.sin_port)))
    }
}
