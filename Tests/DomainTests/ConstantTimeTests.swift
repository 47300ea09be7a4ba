import Domain
import Testing

struct ConstantTimeTests {
    @Test func `only the same text is equal`() {
        #expect(ConstantTime.isEqual("", "") && ConstantTime.isEqual("287082", "287082"))
        #expect(!ConstantTime.isEqual("287082", "28708") && !ConstantTime.isEqual("", "0"))
        var random = SystemRandomNumberGenerator()
        func code() -> String { String(Int.random(in: 100_000...999_999, using: &random)) }
        for _ in 0..<20_000 {
            let (one, other) = (code(), code())
            #expect(ConstantTime.isEqual(one, other) == (one == other), "\(one) \(other)")
        }
    }

    @Test(arguments: 0..<43)
    func `a difference in any place and bit counts`(place: Int) {
        let text = String(repeating: "Aq_9", count: 11).prefix(43)
        for bit in 0..<7 {
            var bytes = Array(text.utf8)
            bytes[place] ^= 1 << UInt8(bit)
            #expect(!ConstantTime.isEqual(String(text), String(decoding: bytes, as: UTF8.self)))
        }
    }
}
