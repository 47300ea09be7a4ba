import Domain
import HTTPTypes
import Hummingbird

/// What this browser remembers: the name that was typed last and the last sessions it made. It proves nothing.
struct BrowserCookie: Sendable, Hashable {
    static let name = "qwd"
    /// Ids that are remembered; older ones are still on the manage page.
    static let most = 8

    var user = ""
    /// The newest first.
    var sessions: [SessionID] = []

    init() {}

    /// Reads `qwd=<user>/<id>.<id>`. What is not of this form is ignored.
    init(request: Request) {
        guard let value = request.cookies[Self.name]?.value else { return }
        let parts = value.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return }
        if Self.isUser(parts[0]) { user = String(parts[0]) }
        sessions = parts[1].split(separator: ".").prefix(Self.most).compactMap { SessionID($0) }
    }

    mutating func remember(_ session: SessionID, user: String) {
        self.user = Self.isUser(user) ? user : ""
        sessions.removeAll { $0 == session }
        sessions = Array(([session] + sessions).prefix(Self.most))
    }

    /// A name that may stand in a cookie as it is.
    private static func isUser(_ text: some StringProtocol) -> Bool {
        text.utf8.count <= 64 && text.utf8.allSatisfy(FieldReader.isOfName)
    }

    func cookie(for address: SiteURL, secure: Bool) -> Cookie {
        let value = "\(user)/\(sessions.map(\.text).joined(separator: "."))"
        // A week is as long as an ended session is known.
        return address.cookie(Self.name, value, secure: secure, seconds: 604_800)
    }
}
