package import Domain
import Redis

extension JobQueue {
    /// Where a session could run now, and why it can't elsewhere. Nothing is changed or promised by it.
    /// - Parameter lease: A host counts as alive while its last heartbeat is younger than two of these.
    package func place(
        _ request: SessionRequest, limits: Limits, lease: Duration = .seconds(30)
    ) async throws(QueueError) -> Placement {
        let reply = try await call(
            .place, ["\(lease.milliseconds)", "\(limits.sessions)", request.needs])
        guard let values = reply.array, values.count >= 2, (values.count - 2).isMultiple(of: 7) else {
            throw Self.unexpected(reply, from: "place")
        }
        let hosts = stride(from: 2, to: values.count, by: 7).map { place in
            Placement.HostVerdict(
                host: values[place + 1].string ?? "",
                verdict: Placement.Verdict(Array(values[(place + 2)..<(place + 7)])))
        }
        return Placement(hosts: hosts, sessionsAtLimit: values[0].integer == 1 ? values[1].integer : nil)
    }
}

extension Placement.Verdict {
    /// Reads what the script answers for one host: a code, what it is about, and numbers.
    fileprivate init(_ values: [RedisValue]) {
        let (code, about) = (values[0].string ?? "", values[1].string ?? "")
        let (wanted, there, ends) = (values[2].integer ?? 0, values[3].integer ?? 0, values[4].integer ?? -1)
        let resource = Resource(rawValue: about) ?? .cpu
        self =
            switch code {
            case "": .fits
            case "too-small": .tooSmall(resource, needed: wanted, there: there)
            case "lacks": .lacks(about)
            case "full":
                .full(resource, needed: wanted, free: there, nextEnd: ends < 0 ? nil : .milliseconds(ends))
            case "draining": .draining
            case "promised": .promised
            case "master": .master(about)
            default: .closed(HostClosure(rawValue: code) ?? .problem, busyPercent: there)
            }
    }
}
