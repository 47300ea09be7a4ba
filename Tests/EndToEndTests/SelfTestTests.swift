import Domain
import Foundation
import Processes
import Queue
import Testing
import TestSupport

/// `qwd self-test` and the page of `qwd status`.
@Suite(
    .timeLimit(.minutes(3)), .serialized, .enabled(if: access("/usr/lib/grub-rescue/grub-rescue-cdrom.iso", R_OK) == 0))
struct SelfTestTests {
    @Test func `a session is started, seen and ended, and how long it took is said`() async throws {
        let service = try RunningService()
        try await service.start()
        let answer = try await service.answer(to: ["self-test", "--seconds", "60"])
        #expect(answer.code == 0, "\(answer)\n\(service.log)")
        let lines = answer.output.split(separator: "\n")
        try #require(lines.count == 4, "\(answer)")
        #expect(lines[0].wholeMatch(of: /started after \d+\.\d s/) != nil)
        #expect(lines[1].hasPrefix("\(service.url)/sessions/") && lines[1].contains("#"))
        #expect(lines[2].wholeMatch(of: /picture of \d+x\d+ after \d+\.\d s/) != nil)
        #expect(lines[3].wholeMatch(of: /ended after \d+\.\d s/) != nil)
        #expect(try await service.queue.sessions() == [])
        #expect(try await service.leftovers() == [])
        await service.shutDown()
    }

    @Test func `a display behind TLS is seen where its certificate is trusted, and only there`() async throws {
        let service = try RunningService()
        service.overrides += try BrowserTests.certificate(in: service.root)
        let other = try BrowserTests.certificate(in: service.root)
        try await service.start()
        let answer = try await service.answer(to: ["self-test", "--seconds", "60"])
        #expect(answer.code == 0 && answer.output.contains("\npicture of "), "\(answer)\n\(service.log)")
        let stranger = try #require(other[0].split(separator: "=").last.map(String.init))
        let refused = try await service.answer(to: ["self-test", "--ca", stranger])
        #expect(refused.code == 1 && refused.errors.contains("--ca FILE"), "\(refused)")
        #expect(!refused.output.contains("picture"))
        #expect(try await service.queue.sessions() == [])
        #expect(try await service.leftovers() == [])
        await service.shutDown()
    }

    @Test func `where no picture comes the reason is said, and no session stays`() async throws {
        let service = try RunningService(["worker.hypervisor=simulated"])
        try await service.start()
        let answer = try await service.answer(to: ["self-test", "grub.iso", "--seconds", "1"])
        #expect(
            answer.code == 1 && answer.errors.contains("No picture came: the display can't be reached"), "\(answer)")
        #expect(try await service.queue.sessions() == [])
        let unknown = try await service.answer(to: ["self-test", "nope.iso"])
        #expect(unknown.code == 1 && unknown.errors.contains("nope.iso"), "\(unknown)")
        await service.shutDown()
    }

    @Test func `sessions and hosts are one file without scripts, which is exchanged as a whole`() async throws {
        let service = try RunningService(["worker.hypervisor=simulated"])
        try service.add(
            machine: "odd.iso", file: "/usr/lib/grub-rescue/grub-rescue-cdrom.iso", description: "<b>Odd</b> & even")
        try await service.start()
        let file = "\(service.root)/status.html"
        #expect(try await service.answer(to: ["status", "--html", file]).code == 0)
        let empty = try #require(Files.read(file))
        #expect(empty.contains("No session at the moment") && empty.contains(">here<"))
        let id = try await service.create(["machine": "odd.iso"])
        #expect(try await service.settled(id).state == .running)
        #expect(try await service.answer(to: ["status", "--html", file]).code == 0)
        let page = try #require(Files.read(file))
        #expect(
            page.contains("&lt;b&gt;Odd&lt;/b&gt; &amp; even") && page.contains("<style>")
                && page.hasSuffix("</html>\n"))
        for text in ["<script", "src=", "href=", "<form", "<button", "<b>Odd", "#\(id)"] {
            #expect(!page.contains(text), "\(text)")
        }
        #expect(Files.names(in: service.root).filter { $0.contains("status.html") } == ["status.html"])
        let nowhere = try await service.answer(to: ["status", "--html", "/nowhere/status.html"])
        #expect(nowhere.code == 1 && nowhere.errors.contains("/nowhere/status.html"), "\(nowhere)")
        await service.shutDown()
    }
}
