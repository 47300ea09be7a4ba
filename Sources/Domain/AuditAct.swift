/// What was done.
package enum AuditAct: String, Sendable, CaseIterable {
    case create, share, stop, extend
    case signIn = "sign-in"
    case signOut = "sign-out"
    /// Somebody was not let in, or asked for what is not theirs.
    case refused
    case secondFactor = "second-factor"
    case openDisplay = "open-display"
    /// Something that only an administrator may do.
    case admin
    /// A session runs; the detail says where.
    case started
    /// A boot script has run in a session's guest, by its own word; the detail says how.
    case script
    /// A session is over; the detail says how.
    case ended
    /// An act that only a newer version knows. Its word stands at the start of the detail.
    case other
}
