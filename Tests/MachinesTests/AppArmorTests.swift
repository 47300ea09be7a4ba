import Foundation
import Processes
import Testing

/// AppArmor is not active on every machine that runs tests; its parser knows what is no rule.
@Suite(.enabled(if: Programs.find("apparmor_parser") != nil, "apparmor is not installed"))
struct AppArmorTests {
    @Test func `the addition to the profile of passt is one`() async throws {
        let root = "/tmp/qwd-apparmor-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.copyItem(atPath: "/etc/apparmor.d", toPath: root)
        let addition = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../packaging/apparmor/usr.bin.passt")
        try Files.write(try String(contentsOf: addition, encoding: .utf8), to: "\(root)/local/usr.bin.passt")
        // As docs/security.md says.
        let profile = try #require(Files.read("\(root)/usr.bin.passt"))
        let end = try #require(profile.lastIndex(of: "}"))
        try Files.write(
            profile[..<end] + "  include if exists <local/usr.bin.passt>\n}\n", to: "\(root)/usr.bin.passt")
        func parse() async throws -> Bool {
            try await ForegroundProcess.run(
                Program(
                    "apparmor_parser", ["-Q", "-K", "--base", root, "\(root)/usr.bin.passt"], package: "apparmor")
            ).isSuccess
        }
        #expect(try await parse())
        try Files.write("  no rule\n", to: "\(root)/local/usr.bin.passt")
        #expect(try await !parse())
        Files.remove(root)
    }
}
