package import Domain
import Redis

extension JobQueue {
    /// Notes what somebody did. It is kept in Redis until it is in the ledger, and longer, for a quick look.
    package func note(
        _ act: AuditAct, who: String, from address: String, what: String = "", detail: String = ""
    ) async throws(QueueError) {
        _ = try await send([
            "XADD", Self.audit, "MAXLEN", "~", "100000", "*", "act", act.rawValue, "who", who, "from", address, "what",
            what, "detail", detail,
        ])
    }

    /// What was noted last, the newest first.
    package func audit(limit: Int) async throws(QueueError) -> [AuditEntry] {
        Self.entries(try await send(["XREVRANGE", Self.audit, "+", "-", "COUNT", "\(limit)"]))
    }

    /// What was noted after an entry, in order.
    package func audit(after id: String?, limit: Int) async throws(QueueError) -> [AuditEntry] {
        Self.entries(
            try await send(["XRANGE", Self.audit, id.map { "(\($0)" } ?? "-", "+", "COUNT", "\(limit)"]))
    }

    private static let audit = "qwd:audit"

    private static func entries(_ reply: RedisValue) -> [AuditEntry] {
        (reply.array ?? []).compactMap { entry in
            guard let pair = entry.array, pair.count == 2, let id = pair[0].string,
                let at = id.split(separator: "-").first.flatMap({ Int64($0) })
            else { return nil }
            let fields = pair[1].dictionary
            let word = fields["act"] ?? ""
            let act = AuditAct(rawValue: word)
            let detail = fields["detail"] ?? ""
            return AuditEntry(
                id: id, at: at, who: fields["who"] ?? "", from: fields["from"] ?? "", act: act ?? .other,
                what: fields["what"] ?? "", detail: act == nil ? "\(word) \(detail)" : detail)
        }
    }
}
