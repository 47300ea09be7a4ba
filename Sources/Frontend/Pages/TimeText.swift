/// Moments as text, by integer arithmetic alone: a page may show thousands of them.
enum TimeText {
    /// RFC 3339 in UTC, to the second: `2025-03-04T14:05:00Z`.
    static func rfc3339(_ milliseconds: Int64) -> String {
        let moment = Moment(milliseconds)
        return "\(moment.date)T\(moment.clock):\(two(moment.second))Z"
    }

    /// To the minute: `2025-03-04 14:05 UTC`.
    static func readable(_ milliseconds: Int64) -> String {
        let moment = Moment(milliseconds)
        return "\(moment.date) \(moment.clock) UTC"
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private struct Moment {
        let date: String
        let clock: String
        let second: Int64

        init(_ milliseconds: Int64) {
            let seconds = milliseconds.floored(by: 1000)
            let days = seconds.floored(by: 86_400)
            let rest = seconds - days * 86_400
            // Days to a date of the Gregorian calendar, in years that begin in March and eras of 400 years.
            let shifted = days + 719_468
            let era = shifted.floored(by: 146_097)
            let dayOfEra = shifted - era * 146_097
            let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
            let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
            let monthFromMarch = (5 * dayOfYear + 2) / 153
            let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
            let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
            let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
            date = "\(year)-\(two(month))-\(two(day))"
            clock = "\(two(rest / 3600)):\(two(rest / 60 % 60))"
            second = rest % 60
        }
    }
}

extension Int64 {
    /// The quotient rounded down, also below zero.
    fileprivate func floored(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : -((divisor - 1 - self) / divisor)
    }
}
