import CLinux
import Glibc

/// The one call that makes a process of a program: posix_spawn(3).
///
/// Not by Subprocess, which gives a program three descriptors and no more, where machines get their disks as descriptors, and
/// waits until nobody has a program's output open any more, where a sign-in program may leave a child behind that has.
package enum Spawn {
    /// Starts the command in a session of its own (setsid(2)), with the directory `/`, the signals' defaults, and no
    /// descriptors but these.
    /// - Parameters:
    ///   - command: The first is an absolute path.
    ///   - descriptors: By the numbers that they have in the program, without gaps from 0 on.
    /// - Returns: The process id. The caller waits for the process.
    package static func start(
        _ command: [String], descriptors: [Descriptor], environment: [String: String] = ChildEnvironment.variables
    ) throws(ProcessError) -> Int32 {
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        // First out of the way, because a descriptor of ours may have the number that another one gets.
        let away = descriptors.map(\.number).reduce(CInt(descriptors.count), max) + 1
        for (number, descriptor) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&files, descriptor.number, away + CInt(number))
        }
        for number in descriptors.indices {
            posix_spawn_file_actions_adddup2(&files, away + CInt(number), CInt(number))
        }
        posix_spawn_file_actions_addclosefrom_np(&files, CInt(descriptors.count))
        posix_spawn_file_actions_addchdir_np(&files, "/")

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        // POSIX_SPAWN_SETSID, which glibc's header shows to GNU programs only.
        let ownSession: CInt = 0x80
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | ownSession))

        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { (arguments + variables).forEach { free($0) } }
        var pid = pid_t()
        let failure = posix_spawn(&pid, command[0], &files, &attributes, &arguments, &variables)
        if failure == 0 { return pid }
        throw ProcessError(.system, "\(command[0]) can't be started: \(String(cString: strerror(failure)))")
    }
}
