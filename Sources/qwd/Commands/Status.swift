import ArgumentParser
import Domain
import Foundation
import Frontend
import Processes
import Queue
import Settings

/// Shows sessions and hosts.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show sessions and hosts.")

    @OptionGroup var common: CommonOptions
    @Flag(help: "Print JSON.") var json = false
    @Option(
        help: ArgumentHelp("Write a page without scripts into this file, in place of what it was.", valueName: "file"),
        completion: .file(extensions: ["html"]))
    var html: String?

    func validate() throws {
        if json, html != nil { throw ValidationError("--json and --html: one at a time.") }
    }

    func run() async throws {
        let settings = try common.settings()
        try await Connection.withQueue(settings) { queue in
            let sessions = try await queue.sessions()
            let hosts = try await queue.hosts(lease: settings.scheduler.lease)
            if let html {
                let now = Int64(Date().timeIntervalSince1970 * 1000)
                let page = try StatusPage(version: Version.text).html(sessions: sessions, hosts: hosts, at: now)
                do { try Files.write(page, to: html) } catch { throw Failure(.failed, "\(error)") }
                return
            }
            if json {
                try Console.printJSON(
                    StatusReport(sessions: sessions.map(SessionReport.init), hosts: hosts.map(HostReport.init)))
                return
            }
            SessionReport.table(sessions, texts: try Texts.english()).print()
            Console.print("")
            HostReport.table(hosts).print()
            for host in hosts where !host.status.notice.isEmpty {
                Console.say("qwd: \(host.name): \(host.status.notice)")
            }
        }
    }
}

private struct StatusReport: Encodable {
    var sessions: [SessionReport]
    var hosts: [HostReport]
}
