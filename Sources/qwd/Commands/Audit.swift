import ArgumentParser
import Domain
import Foundation
import Ledger
import Settings

/// Reads the ledger: who did what, when, from where, and how it ended.
struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show who did what, when and from where.",
        discussion: "The ledger is on the host of the scheduler. The newest entries come last.")

    @OptionGroup var common: CommonOptions
    @Option(help: "Only of this person.") var who: String?
    @Option(
        help: ArgumentHelp(
            "Only of this kind: \(AuditAct.allCases.map(\.rawValue).joined(separator: " ")).", valueName: "act"))
    var act: String?
    @Option(help: "Only about this session or person.") var what: String?
    @Option(help: ArgumentHelp("Only of the last 30m, 12h, 4d.", valueName: "duration")) var last: String?
    @Option(help: "How many at most.") var limit = 100
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let settings = try common.settings()
        var query = AuditQuery()
        // A name is recorded in one spelling; what a stranger typed may be no name.
        query.who = who.map { (try? PersonName($0))?.text ?? $0 }
        query.what = what.map { (try? PersonName($0))?.text ?? $0 }
        query.limit = limit
        if let act {
            guard let known = AuditAct(rawValue: act) else {
                throw Failure(.usage, "--act: '\(act)' is no kind of entry.")
            }
            query.act = known
        }
        if let last {
            let duration = try Duration(last, option: "--last")
            query.since = Int64(Date().timeIntervalSince1970 * 1000) - duration.components.seconds * 1000
        }
        let entries: [AuditEntry]
        do throws(LedgerError) {
            let ledger = try await Ledger(reading: Roles.ledgerFile(settings))
            entries = try await ledger.entries(matching: query).reversed()
            try await ledger.close()
        } catch {
            throw Failure(.failed, "\(error)")
        }
        if json {
            try Console.printJSON(entries.map(AuditReport.init))
            return
        }
        Table(
            headings: ["AT", "WHO", "FROM", "ACT", "WHAT", "DETAIL"],
            rows: entries.map {
                [Moment.iso($0.at) ?? "", $0.who, $0.from, $0.act.rawValue, $0.what, $0.story]
            }
        ).print()
    }
}

/// An entry as the command line shows it.
private struct AuditReport: Encodable {
    var id: String
    var at: String?
    var who: String
    var from: String
    var act: String
    var what: String
    var detail: String
    var count: Int

    init(_ entry: AuditEntry) {
        id = entry.id
        at = Moment.iso(entry.at)
        who = entry.who
        from = entry.from
        act = entry.act.rawValue
        what = entry.what
        detail = entry.detail
        count = entry.count
    }
}
