/// One line of the record of who did what, when and from where, and how it ended.
///
/// It never holds a password, a code or the secret of a display.
package struct AuditEntry: Sendable, Hashable, Identifiable {
    /// The id that Redis gave the entry in its stream: `<milliseconds>-<sequence>`. It sorts by time, as two numbers and
    /// not as text, and no two entries have the same.
    package var id: String
    /// In milliseconds since the epoch.
    package var at: Int64
    /// The name of a person as their sessions have it, or what they typed where nobody was let in.
    package var who: String
    /// The address that the person came from; empty when nobody came, as at the end of a session.
    package var from: String
    package var act: AuditAct
    /// What it was done to: the id of a session, the name of a user, or empty.
    package var what: String
    /// More in words: the machine and its host, the reason of a refusal or of an end.
    package var detail: String
    /// How often it was done: above one for refusals of the same kind that one person had within a minute.
    package var count: Int

    package init(
        id: String, at: Int64, who: String, from: String, act: AuditAct, what: String = "", detail: String = "",
        count: Int = 1
    ) {
        self.id = id
        self.at = at
        self.who = who
        self.from = from
        self.act = act
        self.what = what
        self.detail = detail
        self.count = count
    }

    /// The detail, and how often, in words for a person.
    package var story: String { count == 1 ? detail : "\(detail) (\(count) times)" }
}
