extension Machine {
    /// Keys that a session may have otherwise than its machine: what it is made of, and nothing that names a file or a person.
    package static let options = [
        "arch", "clock", "cpu_model", "disk", "disk_bus", "firmware", "input", "machine_type", "network_card", "ready",
        "sound", "tpm", "video",
    ]

    /// Why nobody can mean these options, each `key=value`; nil if somebody can.
    package static func problem(ofOptions options: [String]) -> String? {
        for option in options {
            guard let equals = option.firstIndex(of: "="), !option.contains(where: \.isNewline) else {
                return "“\(option)” is no key=value."
            }
            let key = option[..<equals]
            if !Self.options.contains(String(key)) {
                return
                    "“\(key)” can't be another one for a session. These can: \(Self.options.joined(separator: ", "))."
            }
        }
        return nil
    }

    /// The machine with other values of some keys of its section.
    /// - Throws: `OptionProblem` for what can't be so.
    package func with(options: [String]) throws(OptionProblem) -> Machine {
        if options.isEmpty { return self }
        if let problem = Self.problem(ofOptions: options) { throw OptionProblem(text: problem) }
        guard let origin else {
            throw OptionProblem(text: "\(name) has no section in the catalogue, so it has no options.")
        }
        var section = origin.section
        for option in options {
            let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            section.values[String(parts[0])] = CatalogueSection.Value(text: String(parts[1]), line: 0)
        }
        let choice = HardwareChoice(section: section, image: origin.image)
        var machine = self
        (machine.hardware, machine.parts) = (choice.hardware, choice.parts)
        var reader = SectionReader(section: section, warnings: choice.warnings)
        reader.fill(&machine)
        if let warning = reader.warnings.first { throw OptionProblem(text: warning.text) }
        if let (what, package) = MachinePrograms.missing(for: choice.hardware) {
            throw OptionProblem(text: "this host has no \(what). Install it: apt-get install \(package)")
        }
        return machine
    }

    /// An option that can't be.
    package struct OptionProblem: Error, Sendable {
        package var text: String
    }
}
