import Domain

/// What one section of the catalogue comes to on this host: a machine, or the reason why not.
struct ResolvedMachine: Sendable {
    private(set) var machine: Machine?
    private(set) var warnings: [CatalogueWarning] = []
    /// Whether the section itself is wrong, whatever its file is: then an earlier version of it may still serve.
    private(set) var isSectionWrong = false
    /// Whether it is not understood who may have it: then nobody may, whatever was said before.
    private(set) var isAccessWrong = false
    private var isAttachmentWrong = false
    /// Whether the section was looked at as a whole.
    private(set) var isRead = false

    /// - Parameters:
    ///   - path: Where the machine's file is.
    ///   - verdict: What a file was found to be, by its path.
    ///   - directory: Where files without a whole path are.
    init(section: CatalogueSection, path: String, directory: String, verdict: (String) -> ImageIndex.Verdict) {
        (isSectionWrong, isAccessWrong) = (section.isWrong, section.isWrong)
        if isSectionWrong { return }
        let image: DiskImage
        let found = verdict(path)
        do throws(ImageError) {
            image = try found.get().resolved(stated: section.text("format"), path: path)
        } catch {
            // The file is good, so it is the section that says something else of it.
            if case .success = found, section.text("format") != nil { (isSectionWrong, isRead) = (true, true) }
            let url = error.kind == .missing ? section.text("url") : nil
            let advice =
                url.map { "Get it from \(CatalogueSection.shown(url: $0)): qwd machine download \(section.name)" }
                ?? error.advice
            warn(section, path, error.problem, advice)
            return
        }
        let choice = HardwareChoice(section: section, image: image)
        var machine = Machine(name: section.name, path: path, image: image, choice: choice)
        machine.origin = Machine.Origin(section: section, image: image)
        var reader = SectionReader(section: section, warnings: choice.warnings)
        reader.fill(&machine)
        attach(&machine, section, directory, verdict)
        warnings += reader.warnings
        (isRead, isAccessWrong) = (true, reader.isAccessWrong)
        isSectionWrong = !reader.warnings.isEmpty || isAttachmentWrong
        if isSectionWrong, !reader.isHarmless || !choice.warnings.isEmpty { return }
        if warnings.contains(where: { $0.file != section.file }) { return }
        if let (what, package) = MachinePrograms.missing(for: choice.hardware) {
            warn(section, path, "this host has no \(what)", "Install it: apt-get install \(package)")
            return
        }
        self.machine = machine
    }

    private mutating func warn(_ section: CatalogueSection, _ file: String, _ problem: String, _ advice: String) {
        warnings.append(
            CatalogueWarning(file: file, line: nil, machine: section.name, problem: problem, advice: advice))
    }

    /// The images that it has besides its own.
    private mutating func attach(
        _ machine: inout Machine, _ section: CatalogueSection, _ directory: String,
        _ verdict: (String) -> ImageIndex.Verdict
    ) {
        let attachments = section.attachments(in: directory)
        if attachments.count(where: { $0.key == "cdrom" }) > 2 || attachments.count(where: { $0.key == "disk2" }) > 1 {
            warn(section, section.file, "a machine has one more disk and two more CDs at most", "Leave some out.")
            isAttachmentWrong = true
        }
        for (key, path) in attachments {
            do throws(ImageError) {
                let image = try verdict(path).get()
                let attached = Machine.AttachedImage(
                    path: path, driver: image.driver, virtualSizeBytes: image.virtualSizeBytes,
                    identity: image.identity)
                switch (key, image.kind) {
                case ("disk2", .disk): machine.disk2 = attached
                case ("cdrom", .iso): machine.cdroms.append(attached)
                default:
                    warn(section, path, "\(key)= is no \(key == "cdrom" ? "CD image" : "disk")", "Name another file.")
                    isAttachmentWrong = true
                }
            } catch {
                warn(section, path, "\(key)=: \(error.problem)", error.advice)
                isAttachmentWrong = true
            }
        }
    }
}
