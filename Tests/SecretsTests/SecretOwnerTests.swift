import Domain
import Foundation
import Secrets
import Testing

/// The file of the service's secret.
struct SecretOwnerTests {
    private let directory = NSTemporaryDirectory() + "qwd-secret-\(UUID().uuidString.prefix(8))"

    private func withFile(_ body: (String) throws -> Void) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try body("\(directory)/secret")
    }

    private func problem(_ path: String) -> String? {
        do {
            _ = try ServiceSecret.load(path: path)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func `it is made for its owner alone and read again`() throws {
        try withFile { path in
            #expect(problem(path) == nil)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
            #expect(mode?.intValue == 0o600)
            let id = try #require(SessionID("1m888829aypmmkxb"))
            let first = try ServiceSecret.load(path: path).token(session: id, fence: 1)
            chmod(path, 0o400)
            #expect(try ServiceSecret.existing(path: path).token(session: id, fence: 1) == first)
        }
    }

    @Test(arguments: [0o644, 0o640, 0o660, 0o604, 0o602])
    func `one that others reach is refused`(mode: Int) throws {
        try withFile { path in
            #expect(problem(path) == nil)
            chmod(path, mode_t(mode))
            #expect(problem(path)?.contains("0600") == true)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "gives a file to somebody else, which needs root"))
    func `one of somebody else is refused with the way out`() throws {
        try withFile { path in
            #expect(problem(path) == nil)
            #expect(chown(path, 65534, 65534) == 0)
            let told = try #require(problem(path))
            #expect(told.contains("65534") && told.contains("remove it"))
        }
    }

    @Test func `what is no file is refused and holds nobody up`() throws {
        try withFile { path in
            #expect(mkfifo(path, 0o600) == 0)
            #expect(problem(path)?.contains("is no file") == true)
        }
    }
}
