import Domain

/// What a machine is made of, decided once: by its section of the catalogue, and where that says nothing, or `auto`, by what its
/// image shows, always on the side that starts.
package struct HardwareChoice: Sendable, Hashable {
    /// One part, as a person reads it.
    package struct Part: Sendable, Hashable {
        package var key: String
        package var value: String
        /// Why it is so.
        package var reason: String
    }

    package private(set) var hardware: MachineHardware
    package private(set) var parts: [Part] = []
    /// What can't be as it is written.
    private(set) var warnings: [CatalogueWarning] = []

    /// A machine that no section describes.
    init(image: DiskImage) {
        self.init(section: nil, image: image)
    }

    init(section: CatalogueSection?, image: DiskImage) {
        let survey = image.survey
        hardware = MachineHardware()
        var choice = Choosing(section: section)
        let architecture = choice.architecture(survey.architecture)
        let firmware = choice.firmware(architecture, survey)
        hardware = MachineHardware(architecture: architecture, firmware: firmware)
        let isARM = architecture == .arm64
        let isLinux = survey.system == .linux
        let virtio =
            isARM ? "machines of arm64 have it" : isLinux ? "its partitions are those of a newer Linux" : nil
        let safe = "every system starts from it; nothing is known of drivers for virtio"
        hardware.tpm = choice.truth("tpm", false, "no system needs it to start")
        hardware.diskBus = choice.word(
            "disk_bus", virtio != nil ? .virtio : .sata, virtio ?? safe)
        hardware.networkCard = choice.word(
            "network_card", virtio != nil ? .virtio : .e1000,
            virtio ?? "most systems know it; nothing is known of drivers for virtio")
        hardware.video = choice.word("video", hardware.video, isARM ? "UEFI draws on it" : "every system draws on it")
        hardware.sound = choice.word("sound", hardware.sound, "displays carry no sound yet")
        hardware.input = choice.word("input", hardware.input, "the pointer is where the viewer's is")
        hardware.clock = choice.word(
            "clock", survey.system == .windows ? .localtime : .utc,
            survey.system == .windows ? "Windows keeps local time" : "most systems keep UTC")
        hardware.cpuModel = choice.model("cpu_model")
        hardware.machineType = choice.model("machine_type") ?? typeThatFits(&choice)
        choice.check(hardware)
        warnings = choice.warnings
        parts = choice.parts
    }

    private func typeThatFits(_ choice: inout Choosing) -> String {
        // The only one that has a controller for it.
        let needsIDE = hardware.diskBus == .ide && hardware.architecture == .amd64 && hardware.firmware != .secure
        let type = needsIDE ? "pc" : hardware.machineType
        choice.note("machine_type", type, needsIDE ? "it has IDE" : "it goes with \(hardware.firmware.rawValue)")
        return type
    }
}

/// Goes through the keys of a section.
private struct Choosing {
    let section: CatalogueSection?
    var parts: [HardwareChoice.Part] = []
    var warnings: [CatalogueWarning] = []

    /// What the section says of a key; nil also where it leaves it to us.
    private func stated(_ key: String) -> String? {
        guard let text = section?.text(key)?.lowercased(), text != "auto" else { return nil }
        return text
    }

    mutating func note(_ key: String, _ value: String, _ reason: String) {
        parts.append(HardwareChoice.Part(key: key, value: value, reason: reason))
    }

    private mutating func warn(_ key: String, _ problem: String, _ advice: String) {
        if let warning = section?.warning(key, problem, advice) { warnings.append(warning) }
    }

    mutating func word<Word: RawRepresentable & CaseIterable>(_ key: String, _ standard: Word, _ reason: String) -> Word
    where Word.RawValue == String {
        guard let text = stated(key) else {
            note(key, standard.rawValue, reason)
            return standard
        }
        if let word = Word(rawValue: text) {
            note(key, text, "the catalogue says so")
            return word
        }
        let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
        warn(key, "\(key)=\(text) is not known", "Write one of: auto, \(known).")
        return standard
    }

    mutating func truth(_ key: String, _ standard: Bool, _ reason: String) -> Bool {
        let words = ["yes": true, "true": true, "1": true, "no": false, "false": false, "0": false]
        let value = stated(key).flatMap { words[$0] }
        if let text = stated(key), value == nil { warn(key, "\(key)=\(text) is not known", "Write yes or no.") }
        note(key, value ?? standard ? "yes" : "no", value == nil ? reason : "the catalogue says so")
        return value ?? standard
    }

    mutating func architecture(_ found: MachineHardware.Architecture?) -> MachineHardware.Architecture {
        guard let text = stated("arch") else {
            note("arch", (found ?? .amd64).rawValue, found == nil ? "most are" : "what starts it is for it")
            return found ?? .amd64
        }
        guard let stated = MachineHardware.Architecture(written: text) else {
            warn("arch", "arch=\(text) is not known", "Write x86_64 or aarch64.")
            return .amd64
        }
        if let found, found != stated {
            warn(
                "arch", "its section says arch=\(text), but it is for \(found.rawValue)",
                "Write arch=\(found.rawValue), or leave the line out.")
        }
        note("arch", stated.rawValue, "the catalogue says so")
        return stated
    }

    mutating func firmware(
        _ architecture: MachineHardware.Architecture, _ survey: BootSurvey
    ) -> MachineHardware.Firmware {
        if architecture == .arm64 { return word("firmware", .uefi, "machines of arm64 have no other") }
        if survey.byBIOS || !survey.byUEFI {
            return word("firmware", .bios, survey.byBIOS ? "it starts from a BIOS, which is faster" : "most do")
        }
        return word("firmware", .uefi, "it has a loader for UEFI alone")
    }

    /// A name that QEMU has for something.
    mutating func model(_ key: String) -> String? {
        guard let text = section?.text(key), text.lowercased() != "auto" else { return nil }
        let isName = text.utf8.allSatisfy { $0.isLetterOrDigit || "-._+,=".utf8.contains($0) }
        // With commas come properties of a processor; a machine type may have none: they name files of the host.
        guard isName, key == "cpu_model" || !text.contains(","), text.lowercased() != "help", text.first != "," else {
            warn(
                key, "\(key)=\(text) is no name that QEMU has",
                "'qemu-system-x86_64 -machine help' or '-cpu help' lists them.")
            return nil
        }
        note(key, text, "the catalogue says so")
        return text
    }

    /// What does not go together.
    mutating func check(_ hardware: MachineHardware) {
        func isType(_ type: String) -> Bool {
            hardware.machineType == type || hardware.machineType.hasPrefix("\(type)-")
        }
        let isPC = isType("pc") || isType("pc-i440fx")
        switch hardware.architecture {
        case .arm64:
            if hardware.firmware == .bios {
                warn("firmware", "arm64 has no BIOS", "Write firmware=uefi, or leave it out.")
            }
            if [.ide, .sata].contains(hardware.diskBus) {
                warn("disk_bus", "arm64 starts from no \(hardware.diskBus.rawValue)", "Write virtio, scsi or nvme.")
            }
            if [.qxl, .vmware, .std].contains(hardware.video) {
                warn("video", "arm64 has no \(hardware.video.rawValue)", "Write virtio or ramfb.")
            }
            if !isType("virt") { warn("machine_type", "machines of arm64 are virt", "Leave the line out.") }
        case .amd64:
            if !isPC, !isType("q35"), !isType("pc-q35") {
                warn(
                    "machine_type", "\(hardware.machineType) is none of ours", "Write pc or q35, or a version of them.")
            }
            if hardware.diskBus == .ide, !isPC {
                warn(
                    "disk_bus", "\(hardware.machineType) has no IDE",
                    "Write disk_bus=sata, or machine_type=pc with firmware=bios or uefi.")
            }
            if hardware.firmware == .secure, isPC {
                warn("machine_type", "secure needs q35", "Leave machine_type out.")
            }
        }
    }
}
