package import Domain

/// Six digits for one use, sent to somebody.
package enum OneTimeCode {
    /// Every one of the million is as likely as the others.
    package static func random() -> Secret {
        var generator = SystemRandomNumberGenerator()
        return Secret(SixDigits.text(Int.random(in: 0..<1_000_000, using: &generator)))
    }
}

enum SixDigits {
    static func text(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 6 - digits.count) + digits
    }
}
