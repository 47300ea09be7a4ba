import Domain
import HTTPTypes
import Hummingbird
import Logging
import Queue
import Secrets

extension Site {
    /// Refuses whoever has to sign in first.
    func requireSignIn(_ context: FrontendContext, for request: Request) throws(FrontendError) {
        guard context.visitor.isOpenHouse || context.visitor.login != nil else {
            throw FrontendError(code: .signInNeeded, detail: request.uri.path)
        }
    }

    /// Refuses everybody but administrators, and notes it.
    func requireAdmin(_ context: FrontendContext, for request: Request) async throws {
        if context.visitor.isOpenHouse || context.visitor.isAdmin { return }
        try requireSignIn(context, for: request)
        try await note(.refused, context, what: "", detail: request.uri.path)
        throw FrontendError(code: .notAllowed)
    }

    /// Notes what somebody did, for the record and as one line of the log.
    /// - Parameter who: Unless it is the visitor's own name.
    func note(
        _ act: AuditAct, _ context: FrontendContext, who: String? = nil, what: String = "", detail: String = ""
    ) async throws {
        let who = log(act, context, who: who, what: what, detail: detail)
        try await queue.note(act, who: who, from: context.visitor.address, what: what, detail: detail)
    }

    /// The line of the log alone.
    /// - Returns: The name that was logged.
    @discardableResult
    func log(
        _ act: AuditAct, _ context: FrontendContext, who: String? = nil, what: String = "", detail: String = ""
    ) -> String {
        let who = String((who ?? context.visitor.name).prefix(254).filter { !$0.isNewline })
        context.logger.notice(
            "audit",
            metadata: [
                "audit.act": "\(act.rawValue)", "audit.who": "\(who)", "audit.from": "\(context.visitor.address)",
                "audit.what": "\(what)", "audit.detail": "\(detail)",
            ])
        return who
    }
}
