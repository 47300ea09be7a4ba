import Domain
import Glibc

/// Lets a test kill the worker at an exact place: `QWDTEST_CRASH_AT=launch` ends the process, by SIGKILL and so without any
/// clean-up, when it has done that step. Nobody else sets it.
enum CrashPoint {
    private static let place = getenv("QWDTEST_CRASH_AT").map { String(cString: $0) }

    static func passed(_ step: SessionStep) {
        passed(step.rawValue)
    }

    static func passed(_ name: String) {
        if place == name { kill(getpid(), SIGKILL) }
    }
}
