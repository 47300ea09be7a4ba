import CCurl
import Domain

/// Listens to a conversation for the server's own word that a password is right.
///
/// libcurl's success is no proof: it goes on without signing in where an SMTP server offers no AUTH, and where an IMAP
/// server greets with PREAUTH. So the question must have been asked, and this very question answered.
final class AuthReplyObserver {
    enum Answer: Equatable {
        /// Nobody asked, or nobody answered.
        case none
        case accepted
        /// The user or the password is wrong.
        case refused
        /// The server can't say now.
        case undecided
    }

    private(set) var answer = Answer.none
    /// Whether the server has said anything at all.
    private(set) var hasHeardServer = false
    /// What the server has answered to the question, for the administrator.
    private(set) var words = ""
    /// Whether the server has said that nobody may use IMAP's LOGIN now (RFC 9051 6.1.1).
    private(set) var refusesLogin = false
    /// What the answer begins with: the tag of an IMAP command; empty for SMTP; nil as long as nobody asked.
    private var expected: Substring?

    /// Called by libcurl for each command and each line of a reply.
    static let hear: curl_debug_callback = { _, kind, bytes, count, data in
        guard let bytes, let data else { return 0 }
        let observer = Unmanaged<AuthReplyObserver>.fromOpaque(data).takeUnretainedValue()
        // Commands are short. What is cut off here may be a password.
        let text = String(decoding: UnsafeRawBufferPointer(start: bytes, count: min(count, 256)), as: UTF8.self)
        switch kind {
        case CURLINFO_HEADER_OUT: observer.sent(text)
        case CURLINFO_HEADER_IN: observer.received(text)
        default: break
        }
        return 0
    }

    func sent(_ command: String) {
        let words = command.split(separator: " ", maxSplits: 2)
        if words.first == "AUTH" {
            expected = ""
        } else if words.count > 1, ["AUTHENTICATE", "LOGIN"].contains(words[1].prefix { !$0.isWhitespace }) {
            expected = words[0]
        } else {
            return
        }
        answer = .none
    }

    func received(_ line: String) {
        hasHeardServer = true
        // Nor is a password looked at by who greets somebody as known already.
        let upper = line.uppercased()
        if upper.contains("LOGINDISABLED") || upper.hasPrefix("* PREAUTH") { refusesLogin = true }
        guard let expected, answer == .none else { return }
        if expected.isEmpty {
            words = line.trimmed
            hearSMTP(line)
        } else if line.hasPrefix(expected + " ") {
            words = String(line.dropFirst(expected.count + 1)).trimmed
            hearIMAP(line.dropFirst(expected.count + 1))
        }
    }

    /// RFC 4954 6: 334 asks for more; 530, 534 and 538 are about the connection and not about the password.
    private func hearSMTP(_ line: String) {
        switch Int(line.prefix(3)) {
        case 334: break
        case 235: answer = .accepted
        case 530, 534, 538: answer = .undecided
        case let code?: answer = (500...599).contains(code) ? .refused : .undecided
        case nil: answer = .undecided
        }
    }

    /// RFC 9051 7.1 with the codes of RFC 5530: a NO may also say that the server can't look it up now.
    private func hearIMAP(_ reply: Substring) {
        let reply = reply.uppercased()
        let passing = ["NO [UNAVAILABLE]", "NO [INUSE]", "NO [LIMIT]", "NO [SERVERBUG]", "NO [PRIVACYREQUIRED]"]
        if reply.hasPrefix("OK") {
            answer = .accepted
        } else if reply.hasPrefix("NO"), !passing.contains(where: reply.hasPrefix) {
            answer = .refused
        } else {
            answer = .undecided
        }
    }
}
