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
    /// Listens until the process becomes another one: when nobody does the signal ends a process, also one that is about to begin anew.
    private let listener = Mutex<UnixSignalsSequence?>(nil)

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
            let signals = await UnixSignalsSequence(trapping: .sighup)
            self.listener.withLock { $0 = signals }
            // One that came since the configuration was read was heard by nobody, as where a reload follows another.
            let isOther = (try? self.load()).map { $0 != self.settings } ?? false
            if isOther, self.hasChanged() { return self.isWanted.withLock { $0 = true } }
            for await _ in signals where self.hasChanged() {
                // The others are asked to end when this one does.
                return self.isWanted.withLock { $0 = true }
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
        signal(SIGHUP, SIG_IGN)
        // Not all that libraries open is closed by itself then. QEMU has one connection for its worker, and would go on with the old one.
        for number in Files.names(in: "/proc/self/fd").compactMap({ CInt($0) }) where number > STDERR_FILENO {
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        }
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
