import Dispatch
import Processes
import Synchronization

/// Reads a disk inside of its format, as a guest would: by qemu-img, shut in, which knows all formats and has their bugs.
enum GuestBytes {
    /// Longest time for some megabytes.
    private static let limit = Duration.seconds(10)

    /// A part of a disk, or nil if it can't be read. Blocks its thread.
    /// - Parameters:
    ///   - offset: In whole sectors.
    ///   - count: At most 8 MiB.
    static func read(_ file: ImageFile, _ driver: DiskFormat, _ offset: UInt64, _ count: UInt64) -> ImageHeader? {
        var sandbox = Sandbox()
        sandbox.readOnly = [Sandbox.Mount(file.path, at: "/disk")]
        // Its output is a file in memory; it needs /proc to open that by a name.
        sandbox.processes = .itselfInProc
        var program = Program(
            "qemu-img",
            [
                "dd", "-f", driver.rawValue, "-O", "raw", "bs=512", "skip=\(offset / 512)", "count=\(count / 512)",
                "if=/disk", "of=/proc/self/fd/1",
            ], package: "qemu-utils")
        program.sandbox = sandbox
        program.fileBytes = 16 << 20
        let start = program
        guard let result = wait({ try? await ForegroundProcess.run(start, limit: limit) }), result.isSuccess else {
            return nil
        }
        return ImageHeader(bytes: result.bytes)
    }

    /// The result of something that is waited for on this thread, which must be one of its own.
    private static func wait<Value: Sendable>(_ body: @escaping @Sendable () async -> Value?) -> Value? {
        let done = DispatchSemaphore(value: 0)
        let result = Mutex<Value?>(nil)
        Task {
            let value = await body()
            result.withLock { $0 = value }
            done.signal()
        }
        done.wait()
        return result.withLock { $0 }
    }
}
