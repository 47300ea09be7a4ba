import Glibc
import Processes

/// Lets one worker at a time work in a runtime directory. The kernel gives the lock back when the process ends, however.
struct WorkerLock {
    private let descriptor: Descriptor

    init(path: String) throws(ProcessError) {
        let number = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard number >= 0 else {
            throw ProcessError(.system, "Can't open \(path): \(String(cString: strerror(errno)))")
        }
        descriptor = Descriptor(number)
        guard flock(number, LOCK_EX | LOCK_NB) == 0 else {
            throw ProcessError(
                .system,
                "Another worker uses \(path). Stop it, or give this one its own worker.name and runtime_dir.")
        }
    }

    func release() {
        close(descriptor.take())
    }
}
