import Migration
import Settings

/// An option of `qwdctl start`, which is a key of the reference's configuration.
enum QwdctlOption: String, CaseIterable {
    case cpu = "snapshot_alloc_cpu"
    case memory = "snapshot_alloc_mem"
    case disk = "snapshot_alloc_disk"
    case lifetime = "snapshot_lifetime"
    case useMaster = "snapshot_use_master"
    case oneShot = "oneshot"
    case script = "config_script"
    case gpu

    /// What it becomes.
    var ours: String {
        switch self {
        case .cpu: "--cpu"
        case .memory: "--memory"
        case .disk: "--disk"
        case .lifetime: "--lifetime"
        case .useMaster: "--use-master"
        case .oneShot: "--keep"
        case .script: "--script"
        case .gpu: "--gpu"
        }
    }

    var meaning: String {
        switch self {
        case .cpu: "Processors."
        case .memory: "Memory in GiB."
        case .disk: "Scratch disk of an ISO machine in GiB."
        case .lifetime: "Longest life in seconds; 0 is without end."
        case .useMaster: "`1`: the machine's own disk, on which changes stay."
        case .oneShot: "`0`: it stays when its viewer leaves."
        case .script: "A boot script: a file, `exec:`, `bash:` or `cmd:` and commands, or an address."
        case .gpu: "`1`: one of the host's graphics cards."
        }
    }

    /// The row of this option in `docs/migration.md`.
    var documentationRow: String { "| `--\(rawValue)=` | `\(ours)` | \(meaning) |" }

    /// Our words for one option.
    static func words(_ text: String) throws(Failure) -> [String] {
        let parts = text.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        guard text.hasPrefix("--"), let name = parts.first, let option = QwdctlOption(rawValue: name) else {
            throw unknown(parts.first ?? text)
        }
        guard parts.count == 2 else { throw Failure(.usage, "--\(name): write --\(name)=VALUE.") }
        let value = parts[1]
        let isOn = !["", "0", "no", "false"].contains(value.lowercased())
        switch option {
        case .cpu, .memory, .disk, .script: return ["\(option.ours)=\(value)"]
        case .lifetime:
            guard let seconds = Int(value), seconds >= 0 else {
                throw Failure(.usage, "--\(name): it is in whole seconds.")
            }
            return ["\(option.ours)=\(seconds == 0 ? "0" : "\(seconds)s")"]
        case .useMaster, .gpu: return isOn ? [option.ours] : []
        case .oneShot: return isOn ? [] : [option.ours]
        }
    }

    /// A key of the configuration has its way out; anything else is a slip of the pen.
    private static func unknown(_ name: String) -> Failure {
        if let key = ReferenceKey.named(name) {
            let place =
                key.ours.isEmpty
                ? "" : " Its counterpart is \(key.ours.joined(separator: ", ")): qwd config edit, or --set."
            return Failure(.unavailable, "--\(name) can't be chosen at a start. \(key.note)\(place)")
        }
        let known = allCases.map(\.rawValue)
        let meant = Spelling.nearest(to: name, among: known).map { " Did you mean --\($0)=?" } ?? ""
        return Failure(
            .usage,
            "qwdctl knows no option --\(name).\(meant) There is: \(known.map { "--\($0)=" }.joined(separator: " "))")
    }
}
