@testable import Catalogue
import Dispatch
import Foundation
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct `The index of images` {
    private let kitchen: ImageKitchen
    init() throws { kitchen = try ImageKitchen() }

    /// A file that was last changed a minute ago.
    private func write(_ name: String, _ bytes: [UInt8] = DiskBytes.cd) throws -> String {
        let path = try kitchen.write(name, bytes)
        let past = Date(timeIntervalSinceNow: -60)
        try FileManager.default.setAttributes([.modificationDate: past], ofItemAtPath: path)
        return path
    }

    private func problem(_ verdict: ImageIndex.Verdict?) -> String? {
        if case .failure(let problem) = verdict { return problem.problem }
        return nil
    }

    @Test func `inspects a settled file once, and again when it was changed or replaced`() throws {
        // Times of a file that others set can lie in the past; its own change of names can't, so this waits for none.
        let index = ImageIndex(settle: -1)
        let path = try write("a.iso")
        for _ in 0..<5 { #expect(try index.look(at: [path])[path]?.get().kind == .iso) }
        #expect(index.inspections == 1)
        truncate(path, 42_000)
        #expect(problem(index.look(at: [path])[path])?.contains("cut off") == true)
        #expect(index.inspections == 2)
        let other = try write("b.iso")
        #expect(rename(other, path) == 0)
        #expect(try index.look(at: [path])[path]?.get().kind == .iso)
        #expect(index.inspections == 3)
    }

    @Test func `does not trust the times of a file that was changed a moment ago`() throws {
        let index = ImageIndex()
        let path = try kitchen.write("a.iso", DiskBytes.cd)
        for _ in 0..<3 { _ = index.look(at: [path]) }
        #expect(index.inspections == 3)
    }

    @Test func `keeps what it knew when a file can't be looked at for a moment`() throws {
        let fails = Mutex(false)
        let index = ImageIndex { path throws(ImageError) in
            // What an exhausted table of descriptors or a broken disk gives.
            if fails.withLock(\.self) { throw ImageError("it can't be opened", "", kind: .unknown) }
            return try ImageFile(path: path)
        }
        let path = try write("a.iso")
        #expect(try index.look(at: [path])[path]?.get().kind == .iso)
        fails.withLock { $0 = true }
        #expect(try index.look(at: [path])[path]?.get().kind == .iso)
        #expect(problem(index.look(at: [path, "/b"])["/b"]) == "it can't be opened")
    }

    @Test func `waits for no disk that hangs, and goes on with the others`() throws {
        let gate = DispatchSemaphore(value: 0)
        let hangs = Mutex(false)
        let index = ImageIndex { path throws(ImageError) in
            if path.hasSuffix("hung.iso"), hangs.withLock(\.self) { gate.wait() }
            return try ImageFile(path: path)
        }
        let hung = try write("hung.iso")
        let good = try write("good.iso")
        hangs.withLock { $0 = true }
        let limit = DispatchTimeInterval.milliseconds(100)
        let first = index.look(at: [hung, good], within: limit)
        #expect(problem(first[hung]) == "it is being looked at")
        #expect(try first[good]?.get().kind == .iso)
        // No second thread waits for it.
        for _ in 0..<20 { _ = index.look(at: [hung, good], within: .milliseconds(1)) }
        hangs.withLock { $0 = false }
        gate.signal()
        while problem(index.look(at: [hung, good])[hung]) != nil {}
        hangs.withLock { $0 = true }
        let later = index.look(at: [hung, good], within: limit)
        #expect(try later[hung]?.get().kind == .iso)
        gate.signal()
    }

    @Test func `refuses a file as long as somebody has it open for writing`() throws {
        let index = ImageIndex()
        let path = try write("a.iso")
        let writer = try #require(FileHandle(forUpdatingAtPath: path))
        #expect(problem(index.look(at: [path])[path])?.contains("open for writing") == true)
        try writer.close()
        let reader = try #require(FileHandle(forReadingAtPath: path))
        #expect(try index.look(at: [path])[path]?.get().kind == .iso)
        try reader.close()
    }

    @Test func `sees the locks of a QEMU that writes, also where there are no leases`() throws {
        let path = try write("a.iso")
        let writer = try #require(FileHandle(forUpdatingAtPath: path))
        var lock = flock()
        lock.l_type = Int16(F_RDLCK)
        lock.l_start = 101
        lock.l_len = 1
        // 37 is F_OFD_SETLK: QEMU's locks belong to the open file.
        #expect(fcntl(writer.fileDescriptor, 37, &lock) == 0)
        #expect(try ImageFile(path: path).isLockedByWriter)
        lock.l_start = 201
        #expect(fcntl(writer.fileDescriptor, 37, &lock) == 0)
        lock.l_type = Int16(F_UNLCK)
        lock.l_start = 101
        #expect(fcntl(writer.fileDescriptor, 37, &lock) == 0)
        // A QEMU that only reads lets nobody else write, which is a lock of another byte.
        #expect(try !ImageFile(path: path).isLockedByWriter)
        try writer.close()
    }

    @Test func `ends no program by asking for a lease`() async throws {
        let path = try write("a.iso")
        // Somebody opens the file for writing again and again while it is being asked for.
        let end = Mutex(false)
        let asking = Task.detached {
            while !end.withLock(\.self) { _ = try? ImageFile(path: path).isOpenForWriting }
        }
        for _ in 0..<2000 { try FileHandle(forUpdatingAtPath: path)?.close() }
        end.withLock { $0 = true }
        await asking.value
        #expect(try !ImageFile(path: path).isOpenForWriting)
    }
}
