@testable import Domain
import Testing

@Suite struct IdentifierTests {
    @Test func `ids sort by the time they were made`() {
        let times: [Int64] = [0, 1, 31, 32, 1_795_000_000_000, 1_795_000_000_001, 4_000_000_000_000]
        let ids = times.map { Identifier(milliseconds: $0) }
        #expect(ids == ids.sorted())
    }

    @Test func `two ids of one moment differ`() {
        #expect(Set((0..<1000).map { _ in Identifier(milliseconds: 7) }).count == 1000)
    }

    @Test func `an id reads back as itself`() {
        let id = Identifier(milliseconds: 1_795_369_213_864)
        #expect(Identifier(id.text) == id)
        #expect(id.text.utf8.count == 16)
    }

    @Test(arguments: [
        "", "short", "1m825g7x5e8tgkm", "1m825g7x5e8tgkm44", "../../etc/passwd", "1m825g7x5e8tgkmI", "1M825G7X5E8TGKM4",
        "1m825g7x5e8tgk\u{0}4", "1m825g7x5e8tgk/4", "ééééééééé",
    ])
    func `what is no id is refused, so an id is safe as a file name`(text: String) {
        #expect(Identifier(text) == nil)
    }
}
