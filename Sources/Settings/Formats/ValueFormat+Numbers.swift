extension ValueFormat where Value == Int {
    /// A whole number in decimal digits.
    static func integer(_ range: ClosedRange<Int>) -> Self {
        .scalar(
            "a whole number from \(range.lowerBound) to \(range.upperBound)", allowsQuotes: false,
            parse: { text in
                // "010" is 8 for some readers of YAML and 10 for others.
                guard let value = Int(text), "\(value)" == text, range.contains(value) else { return nil }
                return value
            },
            write: { "\($0)" })
    }

    /// A size of memory, written in GiB, held in MiB.
    static func gibibytes(_ range: ClosedRange<Double>) -> Self {
        .scalar(
            "a number of GiB from \(range.lowerBound.shortText) to \(range.upperBound.shortText) in whole MiB",
            allowsQuotes: false,
            parse: { text in
                guard let gibibytes = Double(decimal: text), range.contains(gibibytes) else { return nil }
                return Int(exactly: gibibytes * 1024)
            },
            write: { (Double($0) / 1024).shortText })
    }
}

extension ValueFormat where Value == Double {
    static func number(_ range: ClosedRange<Double>) -> Self {
        .scalar(
            "a number from \(range.lowerBound.shortText) to \(range.upperBound.shortText)", allowsQuotes: false,
            parse: { text in Double(decimal: text).flatMap { range.contains($0) ? $0 : nil } },
            write: { $0.shortText })
    }
}

extension ValueFormat where Value == Duration {
    /// A whole number with a unit, or a bare `0` where the range has it.
    static func duration(_ range: ClosedRange<Duration>) -> Self {
        .scalar(
            "a duration such as 500ms, 30s or 10m, from \(range.lowerBound.configurationText)"
                + " to \(range.upperBound.configurationText)",
            parse: { text in Duration(configurationText: text).flatMap { range.contains($0) ? $0 : nil } },
            write: { $0.configurationText })
    }

    /// The life of a session: whole seconds, because that is how it is counted; 0 is without end.
    static var lifetime: Self {
        let range = Duration.seconds(1) ... .days(3650)
        return .scalar(
            "a duration such as 30m, 12h or 4d in whole seconds, from 1s to 3650d, or 0",
            parse: { text in
                guard let value = Duration(configurationText: text), value.components.attoseconds == 0,
                    value == .zero || range.contains(value)
                else { return nil }
                return value
            },
            write: { $0.configurationText })
    }
}

extension Double {
    /// Takes digits with at most one point: neither `nan` nor `0x1p3` nor `1e3`.
    fileprivate init?(decimal text: String) {
        guard let first = text.first, let last = text.last, first != ".", last != ".",
            text.allSatisfy({ $0 == "." || ("0"..."9").contains($0) })
        else { return nil }
        self.init(text)
    }

    /// Without ".0" at the end.
    var shortText: String { Int(exactly: self).map { "\($0)" } ?? "\(self)" }
}

extension ValueFormat where Value == UserNumbers {
    /// Sixteen are for helpers of the host, so there must be more. The kernel's own limit is 2^32 - 2.
    static var userNumbers: Self {
        .scalar(
            "a range such as 200000-265535, from 1000 on, with 32 numbers at least",
            parse: { text in
                let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt32($0) }
                guard ends.count == 2, let first = ends[0], let last = ends[1], first >= 1000, last < .max - 1,
                    last >= first, last - first >= 31
                else { return nil }
                return UserNumbers(first: first, last: last)
            },
            write: { "\($0.first)-\($0.last)" })
    }
}
