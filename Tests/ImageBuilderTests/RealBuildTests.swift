import Foundation
@testable import ImageBuilder
import Testing

/// Builds and boots the real thing, in minutes and with the network.
@Suite(
    .enabled(if: ProcessInfo.processInfo.environment["QWDTEST_IMAGE_BUILD"] == "1", "QWDTEST_IMAGE_BUILD=1 runs it"),
    .serialized, .timeLimit(.minutes(30)))
struct `A real build` {
    private let directory = "/var/tmp/qwd-image-test-\(UUID().uuidString.prefix(8))"
    private var output: String { directory + "/machines/debian-desktop.qcow2" }
    private var work: String { directory + "/work" }

    private func names(_ path: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    @Test func `ends in a machine whose desktop comes up`() async throws {
        try FileManager.default.createDirectory(atPath: directory + "/machines", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let (progress, continuation) = AsyncStream.makeStream(of: BuildProgress.self)
        try await ImageBuild(name: "debian-desktop", output: output, workDirectory: work).run { continuation.yield($0) }
        continuation.finish()
        var fractions: [Double] = []
        for await step in progress { fractions.append(step.fraction) }
        #expect(fractions == fractions.sorted())
        #expect(fractions.last == 1)
        #expect(fractions.count > 300)
        #expect(names(directory) == ["machines"])
        #expect(names(directory + "/machines") == ["debian-desktop.qcow2"])

        var said: [String] = []
        let tools = CommandRunner(
            enclosure: NamespaceSandbox(isRoot: geteuid() == 0), log: try BuildLog(path: "/dev/null"))
        // -snapshot: the machine itself stays as it was built. timeout(1) ends QEMU some time after the desktop came up.
        try? await tools.run(
            "timeout",
            [
                "--signal=KILL", "240", "qemu-system-x86_64", "-nodefaults", "-machine", "pc", "-accel",
                "tcg,thread=multi",
                "-m", "1024", "-smp", "2", "-drive", "if=virtio,format=qcow2,file=\(output)", "-snapshot", "-vga",
                "std",
                "-device", "qemu-xhci", "-device", "usb-tablet", "-display", "none", "-serial", "stdio",
            ]
        ) { said.append($0) }
        #expect(said.contains { $0.contains("DESKTOP-READY") }, "\(said.suffix(20))")
    }

    @Test func `that is cancelled leaves nothing behind`() async throws {
        try FileManager.default.createDirectory(atPath: directory + "/machines", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let (installing, continuation) = AsyncStream.makeStream(of: Void.self)
        let build = Task {
            try await ImageBuild(name: "debian-desktop", output: output, workDirectory: work).run { progress in
                if progress.step == BuildStep.base.rawValue { continuation.finish() }
            }
        }
        for await _ in installing {}
        build.cancel()
        let error = try await #require(throws: ImageBuildError.self) { try await build.value }
        #expect(error.code == .cancelled)
        #expect(names(directory) == ["machines"])
        #expect(names(directory + "/machines").isEmpty)
        let mounts = try String(contentsOf: URL(filePath: "/proc/mounts"), encoding: .utf8)
        #expect(!mounts.contains(directory))
    }
}
