internal import Glibc

/// A `redis-server` as a child that can not outlive this process.
///
/// A shell becomes the server, after it has left a watcher behind that reads from a socket pair: a byte means that all
/// is well, the end of the stream that this process died, and then the watcher kills the server and removes its files.
/// (PR_SET_PDEATHSIG follows the *thread* that forked, and threads of the pool come and go.)
struct ServerProcess {
    private static let script = """
        directory=$1; shift
        { read -r _ <&3 || { kill -KILL $$; rm -rf "$directory"; }; } & exec redis-server "$@" 3<&-
        """

    let pid: pid_t
    private let lifeline: Int32

    /// - Parameter environment: Entries that are added to ours.
    init(directory: String, arguments: [String], environment: [String] = []) throws {
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
            throw RedisServer.Failure(description: "socketpair: errno \(errno)")
        }
        defer { close(pair[1]) }

        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        for descriptor: Int32 in 0...2 {
            posix_spawn_file_actions_addopen(&files, descriptor, "/dev/null", O_RDWR, 0)
        }
        posix_spawn_file_actions_adddup2(&files, pair[1], 3)

        // Threads of the pool block most signals, and a child inherits that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        var argv = (["sh", "-c", ServerProcess.script, "sh", directory] + arguments).map { strdup($0) }
        argv.append(nil)
        defer { argv.forEach { free($0) } }

        var variables = environment.map { strdup($0) }
        defer { variables.prefix(environment.count).forEach { free($0) } }
        var next = environ
        while let entry = next.pointee {
            variables.append(entry)
            next += 1
        }
        variables.append(nil)
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, "/bin/sh", &files, &attributes, argv, variables)
        guard failure == 0 else {
            close(pair[0])
            throw RedisServer.Failure(description: "posix_spawn: errno \(failure)")
        }
        self.pid = pid
        lifeline = pair[0]
    }

    var isRunning: Bool {
        var information = siginfo_t()
        return waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT) == 0
            && information.si_signo != SIGCHLD
    }

    func send(_ signal: Int32) { Glibc.kill(pid, signal) }

    /// Ends the server and reaps it, so that the process id stays ours until then.
    func kill() {
        Glibc.send(lifeline, "\n", 1, Int32(MSG_NOSIGNAL))
        send(SIGKILL)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
        close(lifeline)
    }
}
