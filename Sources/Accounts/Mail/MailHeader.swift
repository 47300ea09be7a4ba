import FoundationEssentials
import Glibc

/// Values of header lines. A line break in one would start a header of somebody else's choice, so it is refused.
enum MailHeader {
    /// A subject.
    static func text(_ text: String) throws(AccountsError) -> String {
        try refuseControls(text)
        return isPlain(text) ? text : encodedWords(text)
    }

    static func mailbox(_ mailbox: MailMessage.Mailbox) throws(AccountsError) -> String {
        try refuseControls(mailbox.name)
        guard !mailbox.name.isEmpty else { return mailbox.address.text }
        guard isPlain(mailbox.name) else { return "\(encodedWords(mailbox.name)) <\(mailbox.address)>" }
        let quoted = mailbox.name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(quoted)\" <\(mailbox.address)>"
    }

    /// RFC 5322 3.3, in UTC, and in English whatever the locale is.
    static func date(_ date: Date) -> String {
        var seconds = time_t(date.timeIntervalSince1970.rounded(.down))
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][Int(parts.tm_wday)]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }
        return "\(day), \(parts.tm_mday) \(months[Int(parts.tm_mon)]) \(1900 + parts.tm_year) "
            + time.joined(separator: ":") + " +0000"
    }

    private static func refuseControls(_ text: String) throws(AccountsError) {
        let isBad = text.unicodeScalars.contains {
            [.control, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
        }
        guard !isBad else { throw AccountsError(.rejected, "A header of the mail has a control character in it.") }
    }

    /// Short enough for one line (RFC 5322 2.1.1) and not to be taken for an encoded word.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.count <= 60 && text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !text.contains("=?")
    }

    /// RFC 2047: words of at most 75 characters, which is 45 bytes in base64, no letter torn apart.
    private static func encodedWords(_ text: String) -> String {
        var words: [[UInt8]] = [[]]
        for scalar in text.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            if words[words.count - 1].count + bytes.count > 45 { words.append([]) }
            words[words.count - 1] += bytes
        }
        return words.map { "=?utf-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }
}
