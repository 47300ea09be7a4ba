import Testing
@testable import GraphicsCards

struct AddressTests {
    @Test(arguments: [
        ("0000:01:00.0", "0000:01:00.0"), ("01:00.1", "0000:01:00.1"), ("10000:E1:1F.7", "10000:e1:1f.7"),
    ])
    func `an address is read with and without its domain`(text: String, canonical: String) {
        #expect(PCIAddress(text)?.description == canonical)
    }

    @Test(arguments: [
        "", "01:00", "1:0.0", "0000:01:20.0", "0000:01:00.8", "0000:01:00.0 ", "../0000:01:00.0", "0000:01:00.0,x=1",
        "+000:01:00.0", "0:0000:01:00.0", "0000:01:00.0\n", "123456789:01:00.0", "０１:00.0",
    ])
    func `what is no address is none`(text: String) {
        #expect(PCIAddress(text) == nil)
    }

    @Test func `addresses are in the order of the buses`() {
        let sorted = ["10000:01:00.0", "0000:81:00.0", "0000:01:00.1", "0000:01:00.0"].compactMap { PCIAddress($0) }
            .sorted()
        #expect(sorted.map(\.description) == ["0000:01:00.0", "0000:01:00.1", "0000:81:00.0", "10000:01:00.0"])
    }

    @Test(arguments: ["10de", "10de:1b8", "10de:1b80:", "10DG:1b80", "-0de:1b80", "10de:1b80 "])
    func `what is no vendor and device is none`(text: String) {
        #expect(PCIIdentifier(text) == nil)
    }

    @Test func `a block list takes addresses and kinds`() throws {
        let list = try CardBlockList(["01:00.0", "10000:01:00.0", "10DE:1B80"])
        #expect(list.entries.map(\.description) == ["0000:01:00.0", "10000:01:00.0", "10de:1b80"])
    }

    @Test(arguments: ["", "nvidia", "01:00", ".*"])
    func `a wrong entry of a block list is refused, because leaving it out would give the card away`(text: String) {
        let error = #expect(throws: GraphicsCardsError.self) { try CardBlockList(["01:00.0", text]) }
        #expect(error?.code == .malformed)
        #expect(error?.detail.hasPrefix("gpu.block: \"\(text)\" is neither") == true)
    }
}
