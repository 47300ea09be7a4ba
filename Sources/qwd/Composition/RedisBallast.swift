import Catalogue
import Logging
import Machines
import Processes
import ServiceLifecycle
import Settings

/// A file beside Redis' data that takes room, and gives it up when the disk is full: Redis ends when it can't write, and without it
/// no session can be ended. The guests, which have filled the disk, stand still by then.
struct RedisBallast: Service {
    private let directory: String
    /// `worker.disk_reserve_gib`, in MiB.
    private let reserveMiB: Int
    private let logger: Logger
    /// A disk may hang.
    private let threads = FileThreads(width: 1)

    init(_ settings: Settings, logger: Logger) {
        directory = PrivateRedis.directory(settings)
        reserveMiB = settings.worker.diskReserveMiB
        self.logger = logger
    }

    /// For a Redis of this host that somebody else has started, as systemd does, whose data is in our state directory; nil where
    /// there is none.
    init?(besideServiceOf settings: Settings, logger: Logger) {
        guard PrivateRedis.isBeside(settings) else { return nil }
        self.init(settings, logger: logger)
    }

    private var path: String { "\(directory)/ballast" }

    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await threads.result(within: .seconds(10)) { keep() }
                // No event tells that a disk is full, or not any more.
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    func keep() {
        guard let space = Files.space(of: directory) else { return }
        let reserve = DiskReserve(total: space.total, reserveMiB: reserveMiB)
        let isThere = Files.isFullFile(path)
        if isThere, space.free < reserve.ballast {
            Files.remove(path)
            logger.warning(
                "the disk is full: Redis has given up its ballast",
                metadata: ["path": "\(directory)", "advice": "stop sessions, or free space there"])
        } else if !isThere, space.free > reserve.goOn + reserve.ballast {
            Files.remove(path)
            do {
                try Files.reserve(path, bytes: reserve.ballast)
            } catch {
                logger.warning("Redis has no ballast", metadata: ["error": "\(error)"])
            }
        }
    }
}
