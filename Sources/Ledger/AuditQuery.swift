package import Domain

/// Which entries are asked for. What is nil does not narrow the choice.
package struct AuditQuery: Sendable, Hashable {
    /// The exact name of a person.
    package var who: String?
    package var act: AuditAct?
    /// The exact id of a session or name of a user.
    package var what: String?
    /// In milliseconds since the epoch; an entry of this moment belongs to it.
    package var since: Int64?
    /// In milliseconds since the epoch; an entry of this moment does not belong to it.
    package var until: Int64?
    /// How many at most.
    package var limit: Int
    /// The id of an entry: only older ones are answered. The last entry of one page gives the next page.
    package var before: String?

    package init(
        who: String? = nil, act: AuditAct? = nil, what: String? = nil, since: Int64? = nil, until: Int64? = nil,
        limit: Int = 100, before: String? = nil
    ) {
        self.who = who
        self.act = act
        self.what = what
        self.since = since
        self.until = until
        self.limit = limit
        self.before = before
    }
}
