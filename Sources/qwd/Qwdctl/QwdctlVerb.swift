/// What qwdctl of qemu-web-desktop does, by its verbs, and what does so here.
enum QwdctlVerb: String, CaseIterable {
    case download, update, refresh, status, start, stop, edit, enable, disable, purge, gpu
    case gpuUnlock = "gpu-unlock"
    case version, help

    /// Other spellings of the reference.
    init?(word: String) {
        switch word {
        case "gpu_lock": self = .gpu
        case "gpu_unlock", "gpu_reattach", "gpu_clean": self = .gpuUnlock
        case "-h", "--help": self = .help
        case "--version": self = .version
        default: self.init(rawValue: word)
        }
    }

    /// How it is written, with its arguments.
    var synopsis: String {
        switch self {
        case .download, .update: "\(rawValue) [NAME]"
        case .refresh, .status, .version, .help: rawValue
        case .start: "start NAME [--key=value ...]"
        case .stop: "stop [ID]"
        case .edit: "edit [machines | config | NAME]"
        case .enable: "enable NAME | FILE | URL [DESCRIPTION]"
        case .disable: "disable NAME"
        case .purge: "purge [NAME]"
        case .gpu: "gpu [ADDRESS]"
        case .gpuUnlock: "gpu-unlock ADDRESS"
        }
    }

    /// Commands of ours that it becomes.
    var ours: [String] {
        switch self {
        case .download, .update: ["qwd machine download"]
        case .refresh: ["qwd machine refresh"]
        case .status: ["qwd status"]
        case .start: ["qwd start"]
        case .stop: ["qwd stop"]
        case .edit: ["qwd machine edit", "qwd config edit"]
        case .enable: ["qwd machine enable", "qwd machine add"]
        case .disable: ["qwd machine disable"]
        case .purge: ["qwd machine purge", "qwd machine remove"]
        case .gpu: ["qwd gpu list", "qwd gpu bind"]
        case .gpuUnlock: ["qwd gpu unbind"]
        case .version: ["qwd version"]
        case .help: ["qwd --help"]
        }
    }

    /// What is different.
    var note: String {
        switch self {
        case .download, .update:
            "Gets the images that are missing; an interrupted one goes on, and its sum is compared."
        case .refresh: "Hosts read the catalogue by themselves; this names its errors."
        case .status: "Sessions of all hosts, also those of the pages."
        case .start: "A one-shot session; its address is printed. `--keep` makes one that stays."
        case .stop: "One session. Without an id the only one there is; `qwd stop --all` stops all."
        case .edit: "What has an error does not replace the file. The pages (`web`) have no file."
        case .enable:
            "A disabled section, a file of this host, or an address, which is downloaded. A graphics card (`gpu`) is no machine."
        case .disable: "Its section becomes a comment. A graphics card (`gpu`) is no machine."
        case .purge: "Files that no machine uses; with a name, that machine. `--yes` and `QWDCTL_YES=1` ask nothing."
        case .gpu:
            "Shows cards; sets those with a PCI address aside for guests. All of one kind (`VENDOR:MODEL`) are not taken at once."
        case .gpuUnlock: "Gives one card back and restores what was changed for it."
        case .version, .help: ""
        }
    }

    /// The row of this verb in `docs/migration.md`.
    var documentationRow: String {
        let commands = ours.map { "`\($0)`" }.joined(separator: ", ")
        return "| `\(synopsis.replacing("|", with: "\\|"))` | \(commands) | \(note) |"
    }
}
