import Foundation
import Testing
@testable import GraphicsCards

/// The examples of docs/gpu.md are what such a host gives.
struct DocumentationTests {
    private let host: MadeUpHost
    private let page: String

    init() throws {
        host = try MadeUpHost()
        let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let path = sources.deletingLastPathComponent().appending(path: "docs/gpu.md").path
        page = try String(contentsOfFile: path, encoding: .utf8)
        try host.put("/usr/share/misc/pci.ids", "10de  NVIDIA Corporation\n\t1b80  GP104 [GeForce GTX 1080]\n")
        try host.addCard("0000:01:00", attributes: ["boot_vga": "1\n"])
        try host.add("10000:01:00.0", "1002:73bf", class: "030200", driver: "vfio-pci", group: 40)
    }

    private func shows(_ lines: [String]) -> Bool {
        page.contains("\n```\n\(lines.joined(separator: "\n"))\n```\n")
    }

    @Test func `the problems and warnings are those of such a host`() {
        let cards = host.discovery().run().cards
        let lines = cards.flatMap { card in
            (card.problems + card.warnings.map { card.words(for: $0) }).map { "\(card.address): \($0)\n" }
        }
        #expect(lines.count == 3)
        #expect(page.contains(lines.joined() + "```"))
    }

    @Test func `the edits are those of binding its card`() throws {
        let address = try #require(PCIAddress("0000:01:00.0"))
        let plan = try host.binding().planBind(address, userGroup: "kvm", force: true)
        #expect(shows(plan.edits.flatMap(\.lines)))
    }
}
