@testable import Catalogue
import Dispatch
import Domain
import Foundation
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct `A reader of the catalogue` {
    private let kitchen: ImageKitchen
    private var conf: String { kitchen.path("machines.conf") }
    init() throws { kitchen = try ImageKitchen() }

    private func reader(_ text: String, index: ImageIndex = ImageIndex()) throws -> CatalogueReader {
        try kitchen.write("machines.conf", Array(text.utf8))
        return CatalogueReader(files: [conf], directory: kitchen.directory, index: index)
    }

    @Test func `withdraws no machine when there is no descriptor to be had`() throws {
        try kitchen.write("a.iso", DiskBytes.cd)
        try kitchen.write("b.iso", DiskBytes.cd)
        let reader = try reader("[a.iso]\ndescription=A")
        let before = reader.load()
        #expect(before.machines.map(\.description) == ["A"] && before.unlisted.map(\.name) == ["b.iso"])
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let whole = limit
        limit.rlim_cur = 0
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let meanwhile = reader.load()
        var restored = whole
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &restored)
        #expect(meanwhile.machines == before.machines)
        #expect(meanwhile.unlisted == before.unlisted)
        #expect(meanwhile.warnings == [])
    }

    @Test func `knows which folders and how many graphics cards a machine gets`() throws {
        try kitchen.write("a.iso", DiskBytes.cd)
        try kitchen.write("b.iso", DiskBytes.cd)
        let catalogue = try reader("[a.iso]\nmounts=data, home\ngpu=2\n[b.iso]\nmounts=none\ngpu=0\n").load()
        #expect(catalogue.machines.map(\.mounts) == [["data", "home"], []])
        #expect(catalogue.machines.map(\.published.gpu) == [2, 0])
        let wrong = try reader("[a.iso]\ngpu=some\n").load()
        #expect(wrong.warnings.contains { "\($0)".contains("gpu=some is no number of graphics cards. Write 0 to 16.") })
    }

    @Test func `answers in time when a disk hangs, with what it knew`() async throws {
        let gate = DispatchSemaphore(value: 0)
        let hangs = Mutex(false)
        try kitchen.write("a.iso", DiskBytes.cd)
        let reader = try reader(
            "[a.iso]",
            index: ImageIndex { path throws(ImageError) in
                if hangs.withLock(\.self) { gate.wait() }
                return try ImageFile(path: path)
            })
        #expect(await reader.current(within: .seconds(30)).machines.map(\.name) == ["a.iso"])
        hangs.withLock { $0 = true }
        let begun = ContinuousClock.now
        let catalogue = await reader.current(within: .milliseconds(100))
        #expect(ContinuousClock.now - begun < .seconds(1))
        #expect(catalogue.machines.map(\.name) == ["a.iso"])
        #expect(catalogue.warnings.map(\.problem) == ["the machines directory does not answer"])
        hangs.withLock { $0 = false }
        gate.signal()
    }

    @Test func `says of each file that no section names what it is and how it becomes a machine`() throws {
        try kitchen.write("listed.iso", DiskBytes.cd)
        try kitchen.write("live.iso", DiskBytes.cd)
        try kitchen.write("with space.iso", DiskBytes.cd)
        try kitchen.write("two\nlines.iso", DiskBytes.cd)
        try kitchen.write("notes.txt", Array("words".utf8))
        try kitchen.write(".hidden.iso", DiskBytes.cd)
        // A build is at work.
        try kitchen.write("desktop.qcow2.build.log", Array("dpkg".utf8))
        try kitchen.write("desktop.qcow2.partial", DiskBytes.cd)
        let catalogue = try reader("[listed.iso]").load()
        let told = Dictionary(uniqueKeysWithValues: catalogue.leftovers.map { ($0.name, $0.description) })
        #expect(told.keys.sorted() == ["live.iso", "notes.txt", "two\nlines.iso", "with space.iso"])
        #expect(
            told["live.iso"]?.contains("[live.iso]") == true && told["live.iso"]?.contains("qwd start live.iso") == true
        )
        #expect(told["notes.txt"]?.contains("a text, not a disk") == true)
        #expect(told["with space.iso"]?.contains("path=\"with space.iso\"") == true)
        #expect(
            told["two\nlines.iso"]?.contains("Rename it") == true && told["two\nlines.iso"]?.contains("\n") == false)
        #expect(catalogue.unlisted.map(\.name) == ["live.iso"])
        #expect(catalogue.problem(of: "with space.iso")?.contains("path=") == true)
    }

    @Test(arguments: [
        "with space.iso", "Größe (1) [x].iso", "-begins.iso", String(repeating: "long", count: 40) + ".iso",
        "a;b#c=d.iso",
        " spaces around ", "it's \"quoted\".iso", "カタカナ.iso",
    ]) func `starts a file of an odd name by path=`(name: String) throws {
        try kitchen.write(name, DiskBytes.cd)
        let catalogue = try reader("[odd.iso]\npath=\"\(name)\"").load()
        #expect(catalogue.warnings == [])
        #expect(catalogue.machines.map(\.path) == [kitchen.path(name)])
        #expect(catalogue.leftovers == [])
    }

    @Test func `advises path= where a title can't be a name`() throws {
        let catalogue = try reader("[with space.iso]").load()
        #expect(catalogue.warnings.first?.advice.contains("path=") == true)
    }
}
