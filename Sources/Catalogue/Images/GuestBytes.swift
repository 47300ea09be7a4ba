import Dispatch
import Processes
import Synchronization

/// Reads a disk inside of its format, as a guest would: by qemu-img, shut in, which knows all formats and has their bugs.
enum GuestBytes {
    /// Longest time for some megabytes.
    private static let limit = Duration.seconds(10)

    /// A part of a disk, or nil if its format can't be read. Blocks its thread.
    /// - Parameters:
    ///   - offset: In whole sectors.
    ///   - count: At most 8 MiB, in whole sectors, of what the disk has.
    /// - Throws: `ImageError` `.unknown` where the program could not do its work: that says nothing of the image.
    static func read(
        _ file: ImageFile, _ driver: DiskFormat, _ offset: UInt64, _ count: UInt64
    ) throws(ImageError) -> ImageHeader? {
        var sandbox = Sandbox()
        sandbox.readOnly = [Sandbox.Mount(file.path, at: "/disk")]
        sandbox.dropsRights = true
        // Its output is a file in memory; it needs /proc to open that by a name.
        sandbox.processes = .itselfInProc
        var program = Program(
            "qemu-img",
            [
                // Its own skip= and count= mean different things in different versions: up to 9.0 a count includes what is skipped.
                "dd", "--image-opts", "-O", "raw", "bs=512", "of=/proc/self/fd/1",
                "if=driver=raw,offset=\(offset),size=\(count),file.driver=\(driver.rawValue),"
                    + "file.file.driver=file,file.file.filename=/disk",
            ], package: "qemu-utils")
        program.sandbox = sandbox
        program.fileBytes = 16 << 20
        let start = program
        switch wait({ () async throws(ProcessError) in try await ForegroundProcess.run(start, limit: limit) }) {
        case .success(let result): return result.isSuccess ? ImageHeader(bytes: result.bytes) : nil
        case .failure(let error):
            throw ImageError(
                "it can't be looked into (\(error))", "It is tried again; if this stays, mend that.", kind: .unknown)
        }
    }

    /// The result of something that is waited for on this thread, which must be one of its own.
    private static func wait<Value: Sendable>(
        _ body: @escaping @Sendable () async throws(ProcessError) -> Value
    ) -> Result<Value, ProcessError> {
        let done = DispatchSemaphore(value: 0)
        let result = Mutex<Result<Value, ProcessError>>(.failure(ProcessError(.system, "it was not run")))
        Task {
            let found: Result<Value, ProcessError>
            do throws(ProcessError) { found = .success(try await body()) } catch { found = .failure(error) }
            result.withLock { $0 = found }
            done.signal()
        }
        done.wait()
        return result.withLock { $0 }
    }
}
