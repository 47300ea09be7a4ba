import Domain

/// Reads the keys of a section that say what a machine needs, who may have it, and how it is shown.
struct SectionReader {
    let section: CatalogueSection
    private(set) var warnings: [CatalogueWarning]
    /// Whether what is wrong can be left out: it keeps nobody out and starts nothing else.
    private(set) var isHarmless = true
    /// Whether it is not understood who may have it.
    private(set) var isAccessWrong = false

    init(section: CatalogueSection, warnings: [CatalogueWarning]) {
        self.section = section
        self.warnings = warnings
    }

    mutating func fill(_ machine: inout Machine) {
        if let description = section.text("description") { machine.description = description }
        machine.title = section.text("title") ?? machine.description
        machine.cpu = number("cpu", unit: "CPUs").map { Int($0.rounded(.up)) }
        machine.cpuMax = number("cpu_max", unit: "CPUs").map { Int($0.rounded(.down)) }
        machine.memoryMiB = memory("memory").map { Int(($0 * 1024).rounded(.up)) }
        machine.memoryMaxMiB = memory("memory_max").map { Int(($0 * 1024).rounded(.down)) }
        machine.diskGiB = number("disk", unit: "GiB").map { Int($0.rounded(.up)) }
        if let text = section.text("gpu") {
            machine.gpu = Int(text).flatMap { (0...16).contains($0) ? $0 : nil }
            if machine.gpu == nil { refuse("gpu", "gpu=\(text) is no number of graphics cards", "Write 0 to 16.") }
        }
        order("cpu", machine.cpu, machine.cpuMax)
        order("memory", machine.memoryMiB, machine.memoryMaxMiB)
        if let disk = machine.diskGiB, machine.kind == .disk, disk << 30 < machine.virtualSizeBytes {
            warn(
                "disk", "disk=\(disk) is smaller than its image, which has \(machine.virtualSizeBytes >> 30) GiB",
                "Write more, or leave the line out.")
        }
        machine.users = list("users").compactMap { text in
            if let name = try? PersonName(text) { return name }
            refuse("users", "“\(text)” can't be anybody's name", "Correct it.")
            return nil
        }
        machine.groups = list("groups")
        machine.group = section.text("group")
        machine.icon = section.text("icon")
        if let icon = machine.icon, !MachineDescription.isIcon(icon) {
            warn(
                "icon", "icon=\(icon) is not known",
                "Write one of: \(MachineDescription.icons.joined(separator: ", ")), or one emoji.")
            machine.icon = nil
        }
        machine.url = section.text("url")
        machine.sha256 = section.text("sha256")?.lowercased()
        if let sum = machine.sha256, sum.utf8.count != 64 || !sum.allSatisfy(\.isHexDigit) {
            refuse("sha256", "sha256= is no SHA-256", "It has 64 hexadecimal digits: sha256sum FILE.")
        }
        script(&machine)
        if let text = section.text("ready") {
            machine.ready = Readiness(written: text)
            if machine.ready == nil {
                refuse("ready", "ready=\(text) is not known", "Write serial TEXT, agent, picture, or seconds N.")
            }
        }
    }

    private mutating func script(_ machine: inout Machine) {
        if let text = section.text("script") {
            let condition = section.text("script_if").map { "if(\($0)): " } ?? ""
            machine.script = BootScriptRule(written: condition + text)
            if machine.script == nil {
                let isScript = BootScriptRule(written: text) != nil
                refuse(
                    isScript ? "script_if" : "script",
                    isScript
                        ? "script_if=\(section.text("script_if") ?? "") is not understood"
                        : "script=\(text) is no boot script",
                    isScript
                        ? "Write user=, group= or machine= with names between commas, != for not, and ; between several."
                        : "Write exec: COMMANDS, bash: COMMANDS, cmd: COMMANDS, or a file's path from the root.")
            }
        }
        if let text = section.text("mounts") {
            machine.mounts = text.trimmed.lowercased() == "none" ? [] : text.split(separator: ",").map { $0.trimmed }
        }
        if let text = section.text("qemu") {
            do throws(QEMUOptions.Problem) {
                machine.qemu = try QEMUOptions(written: text)
            } catch {
                refuse(
                    "qemu", "qemu=\(text) can't be used: \(error)",
                    "Write options as for qemu-system-x86_64, or leave it out.")
            }
        }
        if let text = section.text("inject") {
            if let inject = Injection(rawValue: text.lowercased()) {
                machine.inject = inject
            } else {
                let known = Injection.allCases.map(\.rawValue).joined(separator: ", ")
                refuse("inject", "inject=\(text) is not known", "Write one of: \(known).")
            }
        }
    }

    private mutating func warn(_ key: String, _ problem: String, _ advice: String) {
        warnings.append(section.warning(key, problem, advice))
    }

    private mutating func refuse(_ key: String, _ problem: String, _ advice: String) {
        isHarmless = false
        if key == "users" || key == "groups" { isAccessWrong = true }
        warn(key, problem, advice)
    }

    /// Names between commas or semicolons; they may have spaces.
    private mutating func list(_ key: String) -> [String] {
        guard let text = section.text(key) else {
            // An empty list is nobody, or everybody: who knows.
            if section.values[key] != nil {
                refuse(key, "\(key)= is empty", "Name somebody, or leave the line out for everybody.")
            }
            return []
        }
        let names = text.split { ",;".contains($0) }.map { $0.trimmed }.filter { !$0.isEmpty }
        if names.isEmpty {
            refuse(key, "\(key)=\(text) names nobody", "Name somebody, or leave the line out for everybody.")
        }
        return names
    }

    private mutating func order(_ key: String, _ least: Int?, _ most: Int?) {
        guard let least, let most, least > most else { return }
        refuse("\(key)_max", "\(key)_max is less than \(key)", "Write more, or leave one out.")
    }

    /// GiB. What looks like MiB is asked back, because no host has so much: who means it writes a decimal point.
    private mutating func memory(_ key: String) -> Double? {
        guard let number = number(key, unit: "GiB"), let text = section.text(key) else { return nil }
        guard let meant = ProbablyMiB.gibibytes(of: number), !text.contains(".") else { return number }
        let short = meant == meant.rounded() ? "\(Int(meant))" : "\(meant)"
        warn(
            key, "\(key)=\(text) would be \(text) GiB",
            "Write \(key)=\(short) if MiB were meant, \(key)=\(text).0 if not; the key was left out.")
        return nil
    }

    private mutating func number(_ key: String, unit: String) -> Double? {
        guard let text = section.text(key) else { return nil }
        guard let number = Double(text), number > 0, number <= 1_048_576 else {
            warn(key, "\(key)=\(text) is no number", "Write a number of \(unit); the key was left out.")
            return nil
        }
        return number
    }
}
