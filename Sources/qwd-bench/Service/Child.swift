import Glibc
import Processes

/// A program that was started by the benchmark itself.
final class Child: Sendable {
    let pid: pid_t
    private let handle: ProcessHandle

    /// Starts a program; returns when the kernel executes it.
    /// - Parameters:
    ///   - environment: An entry that is added to ours.
    ///   - input: Becomes descriptor 0 and is closed here. Nil means /dev/null.
    ///   - log: File that gets what it says.
    init(_ program: String, _ arguments: [String], environment: String, input: Descriptor? = nil, log: String) throws {
        guard let path = Programs.find(program) else { throw BenchError("\(program) is not installed") }
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        let source = input?.take()
        defer { if let source { close(source) } }
        if let source {
            posix_spawn_file_actions_adddup2(&files, source, 0)
        } else {
            posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_addopen(&files, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&files, 1, 2)

        // We ignore some signals, and threads of the pool block most; a child inherits both.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for number in [SIGPIPE, SIGINT, SIGTERM] { sigaddset(&signals, number) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var argv = ([path] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = [strdup(environment)]
        defer { (argv + variables.prefix(1)).forEach { free($0) } }
        var next = environ
        while let entry = next.pointee {
            // Our own surroundings must not configure what is measured.
            if !String(cString: entry).hasPrefix("QWD_") { variables.append(entry) }
            next += 1
        }
        variables.append(nil)
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, path, &files, &attributes, &argv, &variables)
        guard failure == 0 else { throw BenchError("\(program): \(String(cString: strerror(failure)))") }
        self.pid = pid
        // Nobody else can get the id of our own child before we have waited for it, so it needs no mark.
        guard let handle = ProcessHandle(pid: pid, mark: "") else {
            waitpid(pid, nil, 0)
            throw BenchError("\(program) ended as soon as it was started: \(Files.readEnd(log) ?? "")")
        }
        self.handle = handle
    }

    var isRunning: Bool { !handle.isGone }

    /// Waits until the program has ended by itself.
    func wait() async {
        _ = await handle.waitForEnd()
        waitpid(pid, nil, 0)
    }

    /// Asks the program to end, and makes it end after `grace`.
    func end(grace: Duration = .seconds(30)) async {
        handle.signal(grace == .zero ? SIGKILL : SIGTERM)
        if await !handle.waitForEnd(limit: max(grace, .seconds(5))) { _ = await handle.kill() }
        waitpid(pid, nil, 0)
    }
}
