import GraphicsCards
import Settings

/// The same program called by the name of the reference's command: its verbs become commands of ours.
struct Qwdctl {
    static let name = "qwdctl"

    /// Whether the program was called so.
    static func isCalled(_ path: String) -> Bool { path.split(separator: "/").last.map(String.init) == name }

    /// What `qwdctl help` prints: each verb, what becomes of it, and the options of `start`.
    static var help: String {
        let verbs = QwdctlVerb.allCases.map { ["qwdctl \($0.synopsis)", $0.ours.joined(separator: ", ")] }
        let options = QwdctlOption.allCases.map { ["--\($0.rawValue)=", $0.meaning.replacing("`", with: "")] }
        return
            (Table(headings: ["VERB", "DONE BY"], rows: verbs).lines + [""]
            + Table(headings: ["OPTION OF START", "MEANING"], rows: options).lines).joined(separator: "\n")
    }

    /// Options that our commands understand too: `--config FILE`, `--set key=value`.
    private var ours: [String] = []
    private var rest: [String] = []
    private var isYes: Bool

    private init(_ words: [String], isYes: Bool) {
        self.isYes = isYes
        var words = words[...]
        while let word = words.popFirst() {
            switch word {
            case "--yes", "-y": self.isYes = true
            case "--config", "--set": ours += [word] + (words.popFirst().map { [$0] } ?? [])
            case _ where word.hasPrefix("--config=") || word.hasPrefix("--set="): ours.append(word)
            default: rest.append(word)
            }
        }
    }

    /// What our command line is for a command line of qwdctl.
    /// - Parameter words: Without the program's name.
    static func translate(_ words: [String], environment: [String: String] = [:]) throws(Failure) -> [String] {
        let line = Qwdctl(words, isYes: environment["QWDCTL_YES"] == "1")
        guard let first = line.rest.first else { return ["status"] + line.ours }
        guard let verb = QwdctlVerb(word: first) else {
            let known = QwdctlVerb.allCases.map(\.rawValue)
            let meant = Spelling.nearest(to: first, among: known).map { " Did you mean \($0)?" } ?? ""
            throw Failure(.usage, "qwdctl knows no \(first).\(meant) There is: \(known.joined(separator: " "))")
        }
        if line.rest.dropFirst().contains(where: { $0 == "--help" || $0 == "-h" }) { return help(verb) }
        return try line.command(verb, Array(line.rest.dropFirst())) + line.ours
    }

    private static func help(_ verb: QwdctlVerb) -> [String] {
        verb.ours[0].split(separator: " ").dropFirst().map(String.init).filter { $0 != "--help" } + ["--help"]
    }

    private func command(_ verb: QwdctlVerb, _ words: [String]) throws(Failure) -> [String] {
        switch verb {
        case .download, .update: return ["machine", "download"] + (try atMost(1, words, verb))
        case .refresh: return ["machine", "refresh"] + (try atMost(0, words, verb))
        case .status: return ["status"] + (try atMost(0, words, verb))
        case .start: return try start(words)
        case .stop: return ["stop"] + (try atMost(1, words, verb))
        case .edit: return try edit(words)
        case .enable: return try enable(words)
        case .disable:
            try refuseCard(words)
            return ["machine", "disable"] + (try exactlyOne(words, verb))
        case .purge:
            return (words.isEmpty ? ["machine", "purge"] : ["machine", "remove"] + (try atMost(1, words, verb))) + yes
        case .gpu: return try bind(words)
        case .gpuUnlock: return ["gpu", "unbind", try address(try exactlyOne(words, verb)[0])] + yes
        case .version: return ["version"]
        case .help: return ["--help"]
        }
    }

    private var yes: [String] { isYes ? ["--yes"] : [] }

    private func start(_ words: [String]) throws(Failure) -> [String] {
        let names = words.filter { !$0.hasPrefix("-") }
        guard names.count == 1 else { throw usage(.start) }
        var options: [String] = []
        for word in words where word.hasPrefix("-") { options += try QwdctlOption.words(word) }
        return ["start", names[0]] + options
    }

    private func edit(_ words: [String]) throws(Failure) -> [String] {
        switch try atMost(1, words, .edit).first ?? "machines" {
        case "config": return ["config", "edit"]
        case "web":
            throw Failure(
                .unavailable,
                "The pages are within the program and have no file. What the form offers are keys of the configuration (form, defaults): qwdctl edit config"
            )
        default: return ["machine", "edit"]
        }
    }

    private func enable(_ words: [String]) throws(Failure) -> [String] {
        try refuseCard(words)
        guard let name = words.first, words.count <= 2 else { throw usage(.enable) }
        let description = words.dropFirst()
        if name.contains("://") { return ["machine", "add", name] + description.flatMap { ["--title", $0] } }
        return ["machine", "enable", name] + description
    }

    private func refuseCard(_ words: [String]) throws(Failure) {
        guard words.first == "gpu" else { return }
        throw Failure(
            .unavailable,
            "The form asks for a graphics card where a host has one for guests: qwd gpu list shows them, qwd gpu bind ADDRESS sets one aside."
        )
    }

    private func bind(_ words: [String]) throws(Failure) -> [String] {
        if words.isEmpty { return ["gpu", "list"] }
        return ["gpu", "bind", try address(try exactlyOne(words, .gpu)[0])] + yes
    }

    private func address(_ text: String) throws(Failure) -> String {
        if PCIAddress(text) != nil { return text }
        throw Failure(
            .unavailable,
            "Cards are chosen by their PCI addresses, one at a time, and not by \(text), so that those of one kind can be shared between host and guests. qwd gpu list shows the addresses."
        )
    }

    private func atMost(_ count: Int, _ words: [String], _ verb: QwdctlVerb) throws(Failure) -> [String] {
        guard words.count <= count else { throw usage(verb) }
        return words
    }

    private func exactlyOne(_ words: [String], _ verb: QwdctlVerb) throws(Failure) -> [String] {
        guard words.count == 1 else { throw usage(verb) }
        return words
    }

    private func usage(_ verb: QwdctlVerb) -> Failure { Failure(.usage, "Write: qwdctl \(verb.synopsis)") }
}
