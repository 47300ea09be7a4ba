@testable import Catalogue
import Foundation
import Processes
import Testing

struct `A change of the catalogue` {
    private let kitchen: ImageKitchen
    private let file: CatalogueFile
    private static let text = """
        ; Machines of our lab.

        [a.qcow2]
        title=A
        ; why it has so much
        memory=8

        ;[b.iso]
        ;description=B
        # A remark that is no part of it.

        [c.iso]
        url=https://example.org/c.iso

        """

    init() throws {
        kitchen = try ImageKitchen()
        file = CatalogueFile(try kitchen.write("machines.conf", Array(Self.text.utf8)))
    }

    private func text() -> String { Files.read(file.path) ?? "" }

    @Test func `comes back as it was`() throws {
        #expect(try file.disable("a.qcow2") == .done)
        #expect(text().contains(";[a.qcow2]\n;title=A\n;; why it has so much\n;memory=8\n"))
        #expect(file.disabled() == ["a.qcow2", "b.iso"])
        #expect(try file.disable("a.qcow2") == .nothing)
        #expect(try file.enable("a.qcow2") == .done)
        #expect(text() == Self.text)
    }

    @Test func `takes no remark for a part of a section`() throws {
        #expect(try file.enable("b.iso") == .done)
        #expect(text().contains("\n[b.iso]\ndescription=B\n# A remark"))
        #expect(try file.enable("x.iso") == .missing)
        #expect(try file.disable("x.iso") == .missing)
    }

    @Test func `adds at the end, and never a second one or a second key by a line break`() throws {
        #expect(try file.add("d.iso", [("title", "D\nusers=")]) == .done)
        #expect(text().hasSuffix("\n\n[d.iso]\ntitle=D users=\n"))
        #expect(try file.add("d.iso", []) == .nothing)
        #expect(try file.remove("d.iso") == .done)
        #expect(try file.remove("d.iso") == .missing)
    }

    @Test func `by two at once is both`() async throws {
        let file = file
        let changes = try await withThrowingTaskGroup(of: CatalogueFile.Change.self) { group in
            for number in 0..<40 { group.addTask { try file.add("m\(number).iso", []) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(changes.count == 40 && Set(changes) == [.done])
        #expect(text().components(separatedBy: "\n[m").count == 41)
    }

    @Test func `keeps the rights of the file`() throws {
        try #require(chmod(file.path, 0o640) == 0)
        _ = try file.disable("a.qcow2")
        var status = stat()
        #expect(stat(file.path, &status) == 0 && status.st_mode & 0o777 == 0o640)
    }
}
