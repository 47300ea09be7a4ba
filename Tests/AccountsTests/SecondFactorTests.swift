@testable import Accounts
import Domain
import Foundation
import Testing

struct SecondFactorTests {
    /// RFC 6238 appendix B, the last six of its eight digits.
    private static let vectors: [(Int64, String)] = [
        (59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"),
        (2_000_000_000, "279037"), (20_000_000_000, "353130"),
    ]
    private let totp = TOTP(key: Array("12345678901234567890".utf8))

    private func date(_ seconds: Int64) -> Date { Date(timeIntervalSince1970: TimeInterval(seconds)) }

    @Test(arguments: vectors)
    func `codes are those of the RFC`(seconds: Int64, code: String) {
        #expect(totp.code(in: seconds / 30) == code)
        #expect(totp.step(of: code, at: date(seconds)) == seconds / 30)
    }

    @Test func `a code counts one step before and after its own, and no further`() {
        let code = totp.code(in: 1000)
        let accepted = (990...1010).filter { totp.step(of: code, at: date($0 * 30)) != nil }
        #expect(accepted == [999, 1000, 1001])
        #expect(totp.step(of: code, at: date(1000 * 30 + 59)) == 1000)
        #expect(totp.step(of: code, at: date(1000 * 30 + 60)) == nil)
        #expect(TOTP(key: Array(repeating: 0, count: 20)).step(of: code, at: date(30_000)) == nil)
    }

    @Test func `a code works once, and an older one not after it`() {
        let now = date(30_000)
        #expect(totp.step(of: totp.code(in: 1000), at: now, after: 999) == 1000)
        #expect(totp.step(of: totp.code(in: 1000), at: now, after: 1000) == nil)
        #expect(totp.step(of: totp.code(in: 999), at: now, after: 1000) == nil)
        #expect(totp.step(of: totp.code(in: 1001), at: now, after: 1000) == 1001)
    }

    @Test(arguments: ["", "28708", "2870822", "287O82", "۲۸۷۰۸۲", "287082\n", "-87082"])
    func `what is not the six digits is refused`(code: String) {
        #expect(totp.step(of: code, at: date(59)) == nil)
    }

    @Test func `digits may be typed in groups, and times before 1970 harm nobody`() {
        #expect(totp.step(of: "287 082", at: date(59)) == 1)
        #expect(totp.step(of: "287082", at: date(-1000)) == nil)
    }

    @Test func `an app gets the secret by an otpauth address`() {
        #expect(
            totp.url(issuer: "qwd für alle", account: "a&b@example.org").revealed
                == "otpauth://totp/qwd%20f%C3%BCr%20alle:a%26b%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
                + "&issuer=qwd%20f%C3%BCr%20alle&algorithm=SHA1&digits=6&period=30")
    }

    @Test func `a secret has 160 random bits and comes back from its text`() throws {
        let one = TOTP.random()
        #expect(one.base32.revealed.count == 32)
        #expect(one.base32.revealed != TOTP.random().base32.revealed)
        let again = try #require(TOTP(base32: Secret(one.base32.revealed.lowercased())))
        #expect(again.code(in: 5) == one.code(in: 5))
        #expect(TOTP(base32: Secret("MZXW6")) == nil)
        #expect(TOTP(base32: Secret("not base32!")) == nil)
    }

    /// RFC 4648 10.
    @Test(arguments: [
        ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"),
        ("foobar", "MZXW6YTBOI"),
    ])
    func `base32 is that of the RFC`(text: String, encoded: String) {
        #expect(Base32.encoded(Array(text.utf8)) == encoded)
        #expect(Base32.decoded(encoded).map { String(decoding: $0, as: UTF8.self) } == text)
        #expect(Base32.decoded(encoded.lowercased() + "==")?.count == text.utf8.count)
    }

    @Test(arguments: ["M", "MZX", "MZ1Q", "MZXWÄ", "MZXR"])
    func `what is no base32 is refused`(text: String) {
        #expect(Base32.decoded(text) == nil)
    }

    @Test func `one-time codes are six digits, each as likely as the others`() {
        let codes = (0..<20_000).map { _ in OneTimeCode.random().revealed }
        #expect(codes.allSatisfy { $0.utf8.count == 6 && $0.utf8.allSatisfy { (48...57).contains($0) } })
        // 2,000 expected of each first digit; six standard deviations of room.
        for digit in "0123456789" {
            #expect((1745...2255).contains(codes.count { $0.first == digit }))
        }
    }

    @Test func `recovery codes are ten, different, and found again however they are typed`() throws {
        let codes = RecoveryCodes.random()
        #expect(Set(codes.map(\.revealed)).count == 10)
        let letters = /[0-9a-hjkmnp-tv-z]{4}-[0-9a-hjkmnp-tv-z]{4}-[0-9a-hjkmnp-tv-z]{4}/
        #expect(try codes.allSatisfy { try letters.wholeMatch(in: $0.revealed) != nil })
        for code in codes {
            let typed = " " + code.revealed.uppercased().replacing("-", with: " ").replacing("0", with: "O")
            #expect(RecoveryCodes.fingerprint(of: Secret(typed)) == RecoveryCodes.fingerprint(of: code))
        }
        #expect(Set(codes.map { RecoveryCodes.fingerprint(of: $0) }).count == 10)
    }
}
