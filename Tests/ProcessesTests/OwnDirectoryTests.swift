import Foundation
import Processes
import Testing

struct OwnDirectoryTests {
    private let root = NSTemporaryDirectory() + "qwd-own-\(UUID().uuidString.prefix(8))"

    private func refusal(_ path: String) -> String? {
        do {
            try Files.makeOwnDirectory(path)
            return nil
        } catch {
            return error.detail
        }
    }

    @Test func `a directory is made for its owner alone, and taken again`() throws {
        defer { Files.remove(root) }
        #expect(refusal("\(root)/a/b") == nil)
        #expect(refusal("\(root)/a/b") == nil)
        let mode = try FileManager.default.attributesOfItem(atPath: "\(root)/a/b")[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o700)
    }

    @Test(arguments: [0o777, 0o770, 0o720, 0o1777])
    func `one that others may change is refused with the way out`(mode: Int) throws {
        defer { Files.remove(root) }
        try Files.makeDirectory(root)
        chmod(root, mode_t(mode))
        #expect(refusal(root)?.contains("chmod go-w") == true)
        chmod(root, 0o755)
        #expect(refusal(root) == nil)
    }

    @Test func `a link is refused, wherever it leads`() throws {
        defer { Files.remove(root) }
        try Files.makeDirectory("\(root)/real")
        try Files.link("\(root)/link", to: "\(root)/real")
        #expect(refusal("\(root)/link")?.contains("runtime_dir") == true)
    }

    @Test(.enabled(if: geteuid() == 0, "gives a directory to somebody else, which needs root"))
    func `one of somebody else is refused`() throws {
        defer { Files.remove(root) }
        try Files.makeDirectory(root)
        chown(root, 65534, 65534)
        #expect(refusal(root)?.contains("65534") == true)
    }
}
