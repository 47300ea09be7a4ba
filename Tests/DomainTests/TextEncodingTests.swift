import Domain
import Testing

struct TextEncodingTests {
    @Test func `every byte has two digits, and comes back`() {
        let bytes = Array(UInt8.min...UInt8.max)
        let text = Hexadecimal.text(bytes)
        #expect(text.hasPrefix("000102") && text.hasSuffix("fdfeff") && text.utf8.count == 512)
        #expect(Hexadecimal.bytes(text) == bytes)
        #expect(Hexadecimal.bytes(Hexadecimal.text(bytes, uppercase: true)) == bytes)
        for wrong in ["0", "0g", " 00", "é", "0x00", "\u{FF10}\u{FF10}"] { #expect(Hexadecimal.bytes(wrong) == nil) }
    }

    @Test func `what is not unreserved is encoded, and comes back`() {
        #expect(PercentEncoding.encoded("aZ09-._~ /?&=%+@\u{0}é") == "aZ09-._~%20%2F%3F%26%3D%25%2B%40%00%C3%A9")
        let text = String(String.UnicodeScalarView((0..<0x500).compactMap { Unicode.Scalar($0) }))
        #expect(PercentEncoding.decoded(PercentEncoding.encoded(text).utf8) == Array(text.utf8))
        #expect(PercentEncoding.decoded("a%2fb".utf8) == Array("a/b".utf8))
        for wrong in ["%", "%2", "%2g", "%g2", "%%20", "a%"] { #expect(PercentEncoding.decoded(wrong.utf8) == nil) }
    }

    @Test func `random digits are of the alphabet`() {
        let texts = Set((0..<100).map { _ in Crockford32.random(26) })
        #expect(texts.count == 100)
        #expect(Set(texts.joined().utf8) == Set(Crockford32.alphabet))
    }
}
