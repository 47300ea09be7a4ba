import Domain

/// Where a session could run, as the command line shows it.
enum PlacementReport {
    static func table(_ placement: Placement) -> Table {
        Table(
            headings: ["HOST", "TAKES IT", "WHY NOT"],
            rows: placement.hosts.map { [$0.host, $0.verdict == .fits ? "yes" : "no", text(of: $0.verdict)] })
    }

    static func text(of blocker: Placement.Blocker) -> String {
        switch blocker {
        case .noHost: "No host is up. 'qwd host list' shows what is known of them."
        case .farmIsFull(let sessions): "\(sessions) sessions run, and no more may at one time (limits.sessions)."
        case .host(let nearest): "No host can take it now. Nearest: \(nearest.host): \(text(of: nearest.verdict))"
        }
    }

    private static func text(of verdict: Placement.Verdict) -> String {
        switch verdict {
        case .fits: ""
        case .tooSmall(let resource, let needed, let there):
            "too small: needs \(needed) \(unit(resource)), has \(there)"
        case .lacks(let tag) where tag.hasPrefix(Placement.Verdict.hostPrefix): "another host was asked for"
        case .lacks(let tag): "lacks \(tag)"
        case .master(let machine): "somebody works on the disk of \(machine) itself (qwd start --use-master)"
        case .draining: "takes no new sessions (qwd host undrain)"
        case .closed(.load, let percent): "busy: \(percent) % of its processors (limits.load)"
        case .closed(.disk, _): "its disk is nearly full (worker.disk_reserve_gib)"
        case .closed(.problem, _): "has a problem; 'qwd host list --json' has its notice"
        case .full(let resource, let needed, let free, let nextEnd):
            "needs \(needed) \(unit(resource)), \(free) free"
                + (nextEnd.map { "; next session there ends in \(($0.components.seconds + 59) / 60) min" } ?? "")
        case .promised: "keeps its room for a session that has waited longer"
        }
    }

    private static func unit(_ resource: Resource) -> String {
        switch resource {
        case .cpu: "processors"
        case .memory: "MiB of memory"
        case .disk: "GiB of disk"
        case .gpu: "graphics cards"
        }
    }
}
