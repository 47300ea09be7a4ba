import Domain
import Processes
import Queue
import Secrets
import Settings

extension DoctorCheck {
    /// Whether all hosts of this Redis have one secret and one version, and what they say of themselves.
    static func farm(_ settings: Settings) async -> DoctorCheck {
        let mark = Files.exists(Roles.secretFile(settings)) ? try? SharedSecret.mark(settings) : nil
        let known: String?
        let hosts: [Host]
        do {
            (known, hosts) = try await Connection.withQueue(settings) { queue in
                (try await queue.knownSecretMark(), try await queue.hosts(lease: settings.scheduler.lease))
            }
        } catch {
            return DoctorCheck(subject: "hosts", verdict: .good, finding: "no Redis answers that knows of hosts")
        }
        if let mark, let known, mark != known {
            return DoctorCheck(
                subject: "hosts", verdict: .broken,
                finding:
                    "the secret in \(Roles.secretFile(settings)) is not that of the others: copy theirs (mode 0600)")
        }
        var words = Version.others(of: hosts)
        words += hosts.filter { !$0.alive }.map { "\($0.name) is silent" }
        words += hosts.filter { $0.alive && !$0.status.notice.isEmpty }.map { "\($0.name): \($0.status.notice)" }
        if words.isEmpty {
            return DoctorCheck(
                subject: "hosts", verdict: .good,
                finding: hosts.isEmpty ? "none has told of itself" : hosts.map(\.name).joined(separator: ", "))
        }
        return DoctorCheck(subject: "hosts", verdict: .degraded, finding: words.joined(separator: "; "))
    }
}

extension Version {
    /// Which hosts have another version, in words.
    static func others(of hosts: [Host]) -> [String] {
        hosts.filter { $0.alive && $0.status.version != text }.map {
            "\($0.name) has version \($0.status.version), and this is \(text): upgrade the older one"
        }
    }
}
