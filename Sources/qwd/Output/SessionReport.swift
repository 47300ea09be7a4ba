import Domain
import Foundation
import Frontend

/// A session as the command line shows it.
struct SessionReport: Encodable {
    var id: String
    var state: String
    var step: String?
    var owner: String
    var machine: String
    var cpu: Int
    var memoryMib: Int
    var host: String?
    var accelerator: String?
    var reason: String?
    var detail: String?
    var createdAt: String?
    var startedAt: String?
    var expiresAt: String?
    var oneShot: Bool

    init(_ session: Session) {
        id = session.id.text
        state = session.state.rawValue
        step = session.step?.rawValue
        owner = session.request.owner.text
        machine = session.request.machine
        cpu = session.request.cpu
        memoryMib = session.request.memoryMiB
        host = session.hostName
        accelerator = session.accelerator
        reason = session.reason?.rawValue
        detail = session.detail
        createdAt = Moment.iso(session.createdAt)
        startedAt = Moment.iso(session.startedAt)
        expiresAt = Moment.iso(session.expiresAt)
        oneShot = session.request.oneShot
    }

    static func table(_ sessions: [Session], texts: Texts) -> Table {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        return Table(
            headings: ["SESSION", "STATE", "OWNER", "MACHINE", "CPU", "MEMORY", "HOST", "ENDS IN", "DETAIL"],
            rows: sessions.map { session in
                [
                    session.id.text, session.state.rawValue, session.request.owner.text, session.request.machine,
                    "\(session.request.cpu)", "\(session.request.memoryMiB) MiB",
                    [session.hostName, session.accelerator].compactMap(\.self).joined(separator: "/"),
                    session.expiresAt.map { Moment.length(seconds: ($0 - now) / 1000) } ?? "-",
                    [session.request.oneShot ? "one-shot" : nil, session.detail.map(texts.detail)].compactMap(\.self)
                        .joined(separator: "; "),
                ]
            })
    }
}
