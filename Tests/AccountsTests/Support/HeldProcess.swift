import Glibc

/// A server as a child, with a process group of its own, that can not outlive this process.
///
/// A shell becomes the server, after it has left a watcher behind that reads from a socket pair: a byte means that all
/// is well, the end of the stream that this process died, and then the watcher removes the server's directory and kills
/// the group, itself with it.
final class HeldProcess: Sendable {
    private static let script = """
        directory=$1; shift
        { read -r _ <&3 || { rm -rf "$directory"; kill -KILL -$$; }; } & exec "$@" 3<&-
        """

    let pid: pid_t
    private let lifeline: CInt

    /// - Parameters:
    ///   - command: Path of the program and its arguments.
    ///   - log: File that gets what the program says.
    init(directory: String, command: [String], log: String) throws {
        var pair: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
            throw ServerFailure("socketpair: errno \(errno)")
        }
        defer { close(pair[1]) }

        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&files, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&files, 1, 2)
        posix_spawn_file_actions_adddup2(&files, pair[1], 3)

        // Threads of the pool block most signals, and a child inherits that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))

        var arguments = (["sh", "-c", Self.script, "sh", directory] + command).map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, "/bin/sh", &files, &attributes, &arguments, environ)
        guard failure == 0 else {
            close(pair[0])
            throw ServerFailure("posix_spawn: errno \(failure)")
        }
        self.pid = pid
        lifeline = pair[0]
    }

    /// Whether it has not ended; it is not reaped here.
    var isRunning: Bool {
        var information = siginfo_t()
        return waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT) == 0
            && information.si_signo != SIGCHLD
    }

    deinit {
        send(lifeline, "\n", 1, CInt(MSG_NOSIGNAL))
        kill(-pid, SIGKILL)
        var status: CInt = 0
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        close(lifeline)
    }
}

struct ServerFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
