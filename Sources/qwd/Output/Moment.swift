import Foundation

/// Milliseconds since the epoch as people and programs read them.
enum Moment {
    /// RFC 3339 in UTC, or nil.
    static func iso(_ milliseconds: Int64?) -> String? {
        milliseconds.map { Date(timeIntervalSince1970: Double($0) / 1000).ISO8601Format() }
    }

    /// A length of time in its two largest units: `2 h 5 min`.
    static func length(seconds: Int64) -> String {
        let days = seconds / 86400
        let hours = seconds / 3600 % 24
        let minutes = seconds / 60 % 60
        if days > 0 { return "\(days) d \(hours) h" }
        if hours > 0 { return "\(hours) h \(minutes) min" }
        if minutes > 0 { return "\(minutes) min" }
        return "\(max(0, seconds)) s"
    }
}
