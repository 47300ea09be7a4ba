import Foundation
import Glibc
import Logging
import Processes
import ServiceLifecycle
import Settings
import Synchronization
import UnixSignals

/// Takes a changed configuration at SIGHUP: the service ends in order and begins anew as the same process, while machines, their displays
/// and everybody's tabs live on. One that is wrong is not taken, and the log and systemd's status line say why.
final class ConfigurationReload: Service {
    private let settings: Settings
    private let load: @Sendable () throws(Failure) -> Settings
    let manager: ServiceManager
    /// What the service does, for people: `takes jobs`.
    let role: String
    private let logger: Logger
    private let isWanted = Mutex(false)

    /// - Parameter load: Reads the configuration, and refuses one with which this service would not start.
    init(
        settings: Settings, manager: ServiceManager, role: String, logger: Logger,
        load: @escaping @Sendable () throws(Failure) -> Settings
    ) {
        // Until somebody listens, the signal's own meaning is to end the process.
        signal(SIGHUP, SIG_IGN)
        DetachedProcess.followInherited()
        self.settings = settings
        self.load = load
        self.manager = manager
        self.role = role
        self.logger = logger
    }

    /// Whether the service is to begin anew.
    var isDue: Bool { isWanted.withLock { $0 } }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in await UnixSignalsSequence(trapping: .sighup) where self.hasChanged() {
                self.isWanted.withLock { $0 = true }
                // The others are asked to end when this one does.
                return
            }
        }
        if !isDue { try? await gracefulShutdown() }
    }

    private func hasChanged() -> Bool {
        manager.tellReloading()
        do throws(Failure) {
            if try load() != settings {
                logger.notice("configuration has changed, beginning anew")
                return true
            }
            logger.notice("configuration read again, it is the same")
            manager.tell("READY=1", "STATUS=\(role)")
        } catch {
            logger.error("configuration not taken, the old one stays", metadata: ["error": "\(error.message)"])
            manager.tell("READY=1", "STATUS=\(role); configuration not taken: \(error.message)")
        }
        return false
    }
}

/// The service has ended in order, to begin anew.
struct BeginsAnew: Error {
    /// Becomes this program again, as it is called now: a newer one may have been put in its place.
    func become() -> Never {
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)
        // What is ignored stays so in the next program, which must end when it is asked before it listens itself.
        signal(SIGTERM, SIG_DFL)
        signal(SIGINT, SIG_DFL)
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let path = own.hasSuffix(" (deleted)") ? String(own.dropLast(" (deleted)".count)) : own
        let words: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) } + [nil]
        execv(path, words)
        Console.say("qwd: can't begin anew as \(path): \(String(cString: strerror(errno)))")
        Glibc.exit(FailureCode.failed.rawValue)
    }
}
