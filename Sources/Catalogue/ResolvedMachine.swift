import Domain

/// What one section of the catalogue comes to on this host: a machine, or the reason why not.
struct ResolvedMachine: Sendable {
    private(set) var machine: Machine?
    private(set) var warnings: [CatalogueWarning] = []

    /// - Parameters:
    ///   - path: Where the machine's file is.
    ///   - verdict: What the file was found to be.
    init(section: CatalogueSection, path: String, verdict: ImageIndex.Verdict) {
        guard isOurs(section) else { return }
        let image: DiskImage
        do throws(ImageError) {
            image = try verdict.get().resolved(stated: section.text("format"), path: path)
        } catch {
            let url = error.kind == .missing ? section.text("url") : nil
            let advice = url.map { "Get it from \($0)." } ?? error.advice
            warnings.append(
                CatalogueWarning(
                    file: path, line: nil, machine: section.name, problem: error.problem, advice: advice))
            return
        }
        var machine = Machine(name: section.name, path: path, image: image)
        if let description = section.text("description") { machine.description = description }
        machine.cpu = number(section, "cpu", unit: "CPUs").map { Int($0.rounded(.up)) }
        machine.memoryMiB = memory(section).map { Int(($0 * 1024).rounded(.up)) }
        self.machine = machine
    }

    /// Whether the machine is of the architecture that this program starts. One of another would start as the wrong machine.
    private mutating func isOurs(_ section: CatalogueSection) -> Bool {
        guard let name = section.text("arch"), !["x86_64", "x86-64", "amd64"].contains(name.lowercased()) else {
            return true
        }
        warnings.append(
            section.warning(
                "arch", "arch=\(name) can't be started here: machines are x86_64",
                "Get the image for x86_64 (amd64), or leave the line out if it is one."))
        return false
    }

    /// GiB. What looks like MiB is asked back, because no host has so much: who means it writes a decimal point.
    private mutating func memory(_ section: CatalogueSection) -> Double? {
        guard let number = number(section, "memory", unit: "GiB"), let text = section.text("memory") else { return nil }
        guard let meant = ProbablyMiB.gibibytes(of: number), !text.contains(".") else { return number }
        let short = meant == meant.rounded() ? "\(Int(meant))" : "\(meant)"
        warnings.append(
            section.warning(
                "memory", "memory=\(text) would be \(text) GiB",
                "Write memory=\(short) if MiB were meant, memory=\(text).0 if not; the key was left out."))
        return nil
    }

    private mutating func number(_ section: CatalogueSection, _ key: String, unit: String) -> Double? {
        guard let text = section.text(key) else { return nil }
        guard let number = Double(text), number > 0, number <= 1_048_576 else {
            warnings.append(
                section.warning(key, "\(key)=\(text) is no number", "Write a number of \(unit); the key was left out."))
            return nil
        }
        return number
    }
}
