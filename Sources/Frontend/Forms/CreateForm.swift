import Domain
import Logins

/// What a person typed into the form. It is shown again when something is wrong with it; passwords are never kept.
struct CreateForm: Sendable, Hashable {
    enum Field: String, Sendable, CaseIterable {
        case machine, cpu, memory, oneshot, user, password, gpu, nonce
        case withoutFolders = "no_folders"
        case lifetime = "snapshot_lifetime"
        case script = "config_script"
        case scriptPassword = "script_password"
    }

    var machine = ""
    var user = ""
    var cpu = ""
    /// In GiB.
    var memory = ""
    /// In seconds.
    var lifetime = ""
    var oneShot = false
    var gpu = false
    var withoutFolders = false
    /// A boot script; also one that is wrong is shown again, for its length.
    var script = ""

    /// The form as it is before anybody typed.
    /// - Parameters:
    ///   - user: The name that this browser used last.
    ///   - machine: The machine that a link asked for.
    init(options: FrontendOptions, offer: AvailableMachines, user: String = "", machine: String = "") {
        self.user = user
        let wanted = [machine, options.defaultMachine].first { name in offer.machines.contains { $0.name == name } }
        self.machine = wanted ?? offer.machines.first?.name ?? ""
        cpu = "\(offer.affordable(options.defaultCPU, of: options.cpuChoices, most: offer.largestCPU))"
        memory = MemoryText.gib(
            offer.affordable(options.defaultMemoryMiB, of: options.memoryChoicesMiB, most: offer.largestMemoryMiB))
        lifetime = "\(options.limits.lifetime(asked: options.defaultLifetimeSeconds))"
    }

    /// The form as it was posted.
    init(fields: FormFields) {
        func text(_ field: Field) -> String {
            guard case .text(let text) = fields[field.rawValue].first else { return "" }
            // A text that is no line of a form is not worth showing again.
            return text.utf8.count <= 100 && !text.hasControlCharacters ? text : ""
        }
        machine = text(.machine)
        user = text(.user)
        cpu = text(.cpu)
        memory = text(.memory)
        lifetime = text(.lifetime)
        if case .text(let text) = fields[Field.script.rawValue].first, !text.utf8.contains(0) { script = text }
        func truth(_ field: Field) -> Bool {
            ["1", "on", "true", "yes", field.rawValue].contains(text(field).lowercased())
        }
        (gpu, oneShot, withoutFolders) = (truth(.gpu), truth(.oneshot), truth(.withoutFolders))
    }
}

/// What the form can offer: the machines that hosts publish, and the size of the largest host.
struct AvailableMachines: Sendable, Hashable {
    var machines: [MachineDescription] = []
    /// Zero when no host is known.
    var largestCPU = 0
    var largestMemoryMiB = 0
    var largestGPU = 0
    /// Whether this is what was known last, because the queue does not answer now.
    var stale = false

    /// What somebody may see of it. Names that nobody has proven open nothing.
    func seen(by currentUser: CurrentUser) -> AvailableMachines {
        var seen = self
        seen.machines.removeAll { machine in
            !currentUser.isAdmin
                && !machine.isFor(currentUser.login?.person.name, groups: currentUser.login?.person.groups ?? [])
        }
        return seen
    }

    /// `wanted`, or the largest of `choices` that some host could ever give.
    func affordable(_ wanted: Int, of choices: [Int], most: Int) -> Int {
        if most == 0 || wanted <= most { return wanted }
        return choices.filter { $0 <= most }.max() ?? wanted
    }
}

/// Memory as the form's field has it: in GiB, as a decimal number.
enum MemoryText {
    static func gib(_ mib: Int) -> String {
        if mib.isMultiple(of: 1024) { return "\(mib / 1024)" }
        let thousandths = "\(1000 + mib % 1024 * 1000 / 1024)".dropFirst()
        let fraction = thousandths.reversed().drop { $0 == "0" }.reversed()
        return "\(mib / 1024)." + String(fraction)
    }

    /// Reads a decimal number of GiB, at most six digits before and three after the point.
    static func mib(_ text: String) -> Int? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = number(parts[0], digits: 6) else { return nil }
        guard parts.count == 2 else { return whole * 1024 }
        guard let fraction = number(parts[1], digits: 3) else { return nil }
        let unit = [10, 100, 1000][parts[1].utf8.count - 1]
        return whole * 1024 + (fraction * 1024 + unit / 2) / unit
    }

    /// Reads a whole number that is nothing but digits.
    static func number(_ text: some StringProtocol, digits: Int = 9) -> Int? {
        guard (1...digits).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        return Int(text)
    }
}

extension String {
    var hasControlCharacters: Bool { utf8.contains { $0 < 0x20 || $0 == 0x7f } }
}
