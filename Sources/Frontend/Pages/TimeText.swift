/// Moments as text, by integer arithmetic alone: a page may show thousands of them.
enum TimeText {
    /// RFC 3339 in UTC, to the second: `2025-03-04T14:05:00Z`.
    static func rfc3339(_ milliseconds: Int64) -> String {
        fill("0000-00-00T00:00:00Z", Moment(milliseconds), at: [0])
    }

    /// To the minute: `2025-03-04 14:05 UTC`.
    static func readable(_ milliseconds: Int64) -> String {
        fill("0000-00-00 00:00 UTC", Moment(milliseconds), at: [0])
    }

    /// An element that says both.
    static func html(_ milliseconds: Int64) -> String {
        fill(
            "<time datetime=\"0000-00-00T00:00:00Z\">0000-00-00 00:00 UTC</time>", Moment(milliseconds), at: [16, 38])
    }

    /// Writes the digits of a moment into a pattern, from each of the places on; the seconds only where the pattern has them.
    private static func fill(_ pattern: StaticString, _ moment: Moment, at places: [Int]) -> String {
        String(unsafeUninitializedCapacity: pattern.utf8CodeUnitCount) { buffer in
            // The buffer has the pattern's size, and every place written below lies within the pattern.
            let bytes = UnsafeBufferPointer(start: pattern.utf8Start, count: pattern.utf8CodeUnitCount)
            _ = buffer.initialize(fromContentsOf: bytes)
            func write(_ number: Int64, _ place: Int) {
                buffer[place] = UInt8(ascii: "0") + UInt8(number / 10 % 10)
                buffer[place + 1] = UInt8(ascii: "0") + UInt8(number % 10)
            }
            for place in places {
                write(moment.year / 100, place)
                write(moment.year % 100, place + 2)
                write(moment.month, place + 5)
                write(moment.day, place + 8)
                write(moment.second / 3600, place + 11)
                write(moment.second / 60 % 60, place + 14)
                if buffer[place + 16] == UInt8(ascii: ":") { write(moment.second % 60, place + 17) }
            }
            return pattern.utf8CodeUnitCount
        }
    }

    private struct Moment {
        /// 0 to 9999.
        let year: Int64
        let month: Int64
        let day: Int64
        /// Of the day.
        let second: Int64

        init(_ milliseconds: Int64) {
            let seconds = milliseconds.floored(by: 1000)
            let days = seconds.floored(by: 86_400)
            second = seconds - days * 86_400
            // Days to a date of the Gregorian calendar, in years that begin in March and eras of 400 years.
            let shifted = days + 719_468
            let era = shifted.floored(by: 146_097)
            let dayOfEra = shifted - era * 146_097
            let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
            let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
            let monthFromMarch = (5 * dayOfYear + 2) / 153
            day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
            month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
            year = min(max(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), 0), 9999)
        }
    }
}

extension Int64 {
    /// The quotient rounded down, also below zero.
    fileprivate func floored(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : -((divisor - 1 - self) / divisor)
    }
}
