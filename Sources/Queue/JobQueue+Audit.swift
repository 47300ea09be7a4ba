package import Domain
import Redis

/// What somebody does to a session, for the record of who did what.
package struct Deed: Sendable, Hashable {
    package var act: AuditAct
    package var who: String
    package var from: String
    package var detail: String

    package init(_ act: AuditAct, who: String, from: String, detail: String = "") {
        self.act = act
        self.who = who
        self.from = from
        self.detail = detail
    }

    /// What the scripts are told; nothing of it for none.
    static func arguments(_ deed: Deed?) -> [String] {
        deed.map { [$0.act.rawValue, $0.who, $0.from, $0.detail] } ?? ["", "", "", ""]
    }
}

extension JobQueue {
    /// Notes what somebody did in the log of all events. It is kept in Redis until it is in the ledger, and longer, for a
    /// quick look. What becomes of a session is noted by the transition itself.
    package func note(
        _ act: AuditAct, who: String, from address: String, what: String = "", detail: String = ""
    ) async throws(QueueError) {
        _ = try await send([
            "XADD", Self.log, "MAXLEN", "~", "1000000", "*", "act", act.rawValue, "who", who, "from", address, "what",
            what, "note", detail,
        ])
    }

    /// Notes that somebody was refused something. The first time within a minute it is noted at once; those of the same
    /// kind that follow are counted, and noted together when the minute is over.
    /// - Parameter kind: What the person was refused, in words of which there are few: what a person can choose stands in
    ///   `what`, and only that of the first time is noted.
    /// - Returns: Whether it was the first one.
    @discardableResult
    package func noteRefusal(
        _ kind: String, who: String, from address: String, what: String = ""
    ) async throws(QueueError) -> Bool {
        try await call(.refusal, [who, address, kind, what]).string == "new"
    }

    /// What was noted last, the newest first, as far back as the log is kept.
    package func audit(limit: Int) async throws(QueueError) -> [AuditEntry] {
        var entries: [AuditEntry] = []
        var end = "+"
        while entries.count < limit {
            let events = try await send(["XREVRANGE", Self.log, end, "-", "COUNT", "\(Self.page)"]).array ?? []
            entries += events.compactMap(AuditEntry.init(event:))
            guard events.count == Self.page, let oldest = events.last?.array?.first?.string else { break }
            end = "(" + oldest
        }
        return Array(entries.prefix(limit))
    }

    /// What was noted in the next events after one of them, in order.
    /// - Parameter events: How many events to look at, at most.
    /// - Returns: With them, the last event that was looked at: nil if there is none after `id`.
    package func audit(
        after id: String?, events: Int
    ) async throws(QueueError) -> (entries: [AuditEntry], last: String?) {
        let events = try await send(["XRANGE", Self.log, id.map { "(\($0)" } ?? "-", "+", "COUNT", "\(events)"])
        let found = events.array ?? []
        return (found.compactMap(AuditEntry.init(event:)), found.last?.array?.first?.string)
    }

    /// Tells how far a ledger is: events behind that are kept until it has them. One that was silent for a week is waited for no
    /// more.
    /// - Parameters:
    ///   - ledger: What tells it from other ledgers.
    ///   - id: The last event that it has looked at; nil for none.
    package func noted(by ledger: String, until id: String?) async throws(QueueError) {
        _ = try await call(.noted, [ledger, id ?? "0-0"])
    }

    private static let log = "qwd:events"
    /// Events in one answer: some hundreds of kilobytes.
    private static let page = 1000
}

extension AuditEntry {
    /// Nil for an event that does not belong in the record of who did what.
    fileprivate init?(event: RedisValue) {
        guard let pair = event.array, pair.count == 2, let id = pair[0].string,
            let at = id.split(separator: "-").first.flatMap({ Int64($0) })
        else { return nil }
        let fields = pair[1].dictionary
        guard let word = fields["act"] else { return nil }
        let act = AuditAct(rawValue: word)
        let note = fields["note"] ?? ""
        self.init(
            id: id, at: at, who: fields["who"] ?? "", from: fields["from"] ?? "", act: act ?? .other,
            what: fields["what"] ?? fields["session"] ?? "", detail: act == nil ? "\(word) \(note)" : note,
            count: fields["count"].flatMap { Int($0) } ?? 1)
    }
}
