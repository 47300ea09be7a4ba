package import Domain
package import FoundationEssentials
import Secrets

/// A second factor that an authenticator app computes from a shared secret and the time (RFC 6238): SHA-1, six digits,
/// a new one each 30 seconds, which is what every app understands.
package struct TOTP: Sendable, CustomStringConvertible, CustomReflectable {
    /// Seconds in a step.
    private static let period: Int64 = 30
    private let key: [UInt8]

    /// A new secret of 160 bits, as RFC 4226 recommends.
    package static func random() -> TOTP {
        TOTP(key: RandomBytes.make(20))
    }

    init(key: [UInt8]) {
        self.key = key
    }

    /// A stored or typed secret.
    /// - Returns: Nil if it is not base32 of at least 128 bits (RFC 4226 4).
    package init?(base32: Secret) {
        guard let key = Base32.decoded(base32.revealed), key.count >= 16 else { return nil }
        self.key = key
    }

    package var base32: Secret { Secret(Base32.encoded(key)) }
    package var description: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }

    /// What the QR code says to the app.
    package func url(issuer: String, account: String) -> Secret {
        let issuer = PercentEncoding.encoded(issuer)
        return Secret(
            "otpauth://totp/\(issuer):\(PercentEncoding.encoded(account))?secret=\(Base32.encoded(key))&issuer=\(issuer)"
                + "&algorithm=SHA1&digits=6&period=\(Self.period)")
    }

    /// The step a code was made in, or nil: the code is wrong.
    ///
    /// One step before and after counts too: clocks differ, and people take a while to type.
    /// - Parameters:
    ///   - date: Now.
    ///   - last: The step that was accepted last: this and older ones are refused, so no code works twice.
    package func step(of code: String, at date: Date, after last: Int64? = nil) -> Int64? {
        let typed = code.filter { $0 != " " }
        let now = Self.step(at: date)
        var found: Int64?
        // All are compared, so the time says nothing.
        for step in max(0, now - 1)...max(0, now + 1) {
            if ConstantTime.isEqual(typed, self.code(in: step)) { found = step }
        }
        guard let found, last.map({ found > $0 }) ?? true else { return nil }
        return found
    }

    static func step(at date: Date) -> Int64 {
        Int64(date.timeIntervalSince1970.rounded(.down)) / period
    }

    /// RFC 4226 5.3.
    func code(in step: Int64) -> String {
        let message = withUnsafeBytes(of: step.bigEndian) { Array($0) }
        let digest = Digest.sha1.hmac(message, key: key)
        let offset = Int(digest[19] & 15)
        let number = digest[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } & 0x7FFF_FFFF
        return SixDigits.text(number % 1_000_000)
    }
}
