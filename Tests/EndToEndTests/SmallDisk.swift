import Foundation

/// A file system of a few hundred KiB in memory, to be full soon. Needs root.
final class SmallDisk {
    let path: String

    struct Failure: Error {}

    init(at path: String, kibibytes: Int) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("qwd-test", path, "tmpfs", 0, "size=\(kibibytes)k,mode=700") == 0 else { throw Failure() }
    }

    func grow(kibibytes: Int) throws {
        guard mount("qwd-test", path, "tmpfs", UInt(MS_REMOUNT), "size=\(kibibytes)k") == 0 else {
            throw Failure()
        }
    }

    func unmount() {
        umount2(path, Int32(MNT_DETACH))
    }

    deinit { unmount() }
}
