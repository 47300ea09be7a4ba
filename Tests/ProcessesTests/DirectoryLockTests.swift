import Foundation
import Processes
import Testing

struct DirectoryLockTests {
    private let root = NSTemporaryDirectory() + "qwd-lock-\(UUID().uuidString.prefix(8))"
    private let directories: [String]

    init() throws {
        directories = ["\(root)/a", "\(root)/b"]
        for directory in directories {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        }
    }

    private func lock(_ files: [String]) throws(ProcessError) -> DirectoryLock {
        try DirectoryLock(files, owner: "worker", advice: "give it another one")
    }

    @Test func `each of the directories is enough to keep another one out, until the lock is given back`() throws {
        let files = directories.map { "\($0)/lock" }
        let first = try lock(files)
        for file in files {
            let error = #expect(throws: ProcessError.self) { _ = try lock([file]) }
            #expect(error?.detail.contains(file) == true && error?.detail.contains("give it another one") == true)
        }
        first.release()
        try lock(files).release()
        Files.remove(root)
    }

    @Test func `one directory may be meant twice`() throws {
        let link = "\(directories[1])/a"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: directories[0])
        let first = try lock(["\(directories[0])/lock", "\(directories[0])/lock", "\(link)/lock"])
        let second = try? lock(["\(directories[0])/lock"])
        #expect(second == nil)
        first.release()
        Files.remove(root)
    }
}
