import Domain
import HTTPTypes
import Hummingbird
import Logging
import Queue
import Secrets

extension FrontendServices {
    /// Refuses whoever has to sign in first.
    func requireSignIn(_ context: FrontendContext, for request: Request) throws(FrontendError) {
        guard context.currentUser.authenticationDisabled || context.currentUser.login != nil else {
            throw FrontendError(code: .signInNeeded, detail: request.uri.path)
        }
    }

    /// Refuses everybody but administrators, and notes it.
    func requireAdmin(_ context: FrontendContext, for request: Request) async throws {
        if context.currentUser.authenticationDisabled || context.currentUser.isAdmin { return }
        try requireSignIn(context, for: request)
        try await noteRefusal("for administrators alone", context, what: request.uri.path)
        throw FrontendError(code: .notAllowed)
    }

    /// Notes what somebody did, for the record and as one line of the log.
    /// - Parameter who: Unless it is the visitor's own name.
    func note(
        _ act: AuditAct, _ context: FrontendContext, who: String? = nil, what: String = "", detail: String = ""
    ) async throws {
        let who = log(act, context, who: who, what: what, detail: detail)
        try await queue.note(act, who: who, from: context.currentUser.address, what: what, detail: detail)
    }

    /// Notes that somebody was refused something. Of those that repeat, only the first one within a minute is a line of the log;
    /// the record has their number.
    /// - Parameters:
    ///   - kind: In words of which there are few.
    ///   - what: What they asked for.
    func noteRefusal(
        _ kind: String, _ context: FrontendContext, who: String? = nil, what: String = ""
    ) async throws {
        let who = Self.recordable(who ?? context.currentUser.name)
        let what = Self.recordable(what)
        guard try await queue.noteRefusal(kind, who: who, from: context.currentUser.address, what: what) else { return }
        log(.refused, context, who: who, what: what, detail: kind)
    }

    /// The line of the log alone.
    /// - Returns: The name that was logged.
    @discardableResult
    func log(
        _ act: AuditAct, _ context: FrontendContext, who: String? = nil, what: String = "", detail: String = ""
    ) -> String {
        let who = Self.recordable(who ?? context.currentUser.name)
        context.logger.notice(
            "audit",
            metadata: [
                "audit.act": "\(act.rawValue)", "audit.who": "\(who)", "audit.from": "\(context.currentUser.address)",
                "audit.what": "\(what)", "audit.detail": "\(detail)",
            ])
        return who
    }

    /// What a stranger typed, as it goes into the record: a name in the spelling that names have, and of anything else what can
    /// be seen, no longer than a name.
    static func recordable(_ typed: String) -> String {
        if let name = try? PersonName(typed) { return name.text }
        var text = ""
        for scalar in typed.unicodeScalars {
            let shown: Unicode.Scalar = scalar.isInvisible ? "\u{FFFD}" : scalar
            if text.utf8.count + UTF8.width(shown) > PersonName.longest { break }
            text.unicodeScalars.append(shown)
        }
        return text
    }
}
