import FoundationEssentials

/// The machines that this host offers: what `machines.conf` names and a file is there for.
package struct Catalogue: Sendable {
    package var machines: [Machine]
    package var warnings: [CatalogueWarning]
    /// Where machine files are, for those that no catalogue names.
    let directory: String

    package init(machines: [Machine], warnings: [CatalogueWarning] = [], directory: String = "") {
        self.machines = machines
        self.warnings = warnings
        self.directory = directory
    }

    /// Reads catalogue files and looks at each machine's file. A section in a later file replaces one of the same name.
    ///
    /// Quick enough for every heartbeat: it opens each machine's file and reads at most 64 KiB of it.
    package static func load(files: [String], directory: String) -> Catalogue {
        var catalogue = Catalogue(machines: [], directory: directory)
        var sections: [CatalogueSection] = []
        var found = false
        for file in files {
            switch Self.text(of: file) {
            case .success(let text):
                found = true
                let parser = CatalogueParser(text: text, file: file)
                catalogue.warnings += parser.warnings
                for section in parser.sections {
                    if let index = sections.firstIndex(where: { $0.name == section.name }) {
                        sections[index] = section
                    } else {
                        sections.append(section)
                    }
                }
            case .failure(let failure):
                // One of several files that is not there is usual: the system's beside a person's own.
                if failure.isMissing { continue }
                found = true
                catalogue.warnings.append(failure.warning)
            }
        }
        if !found, let file = files.last {
            catalogue.warnings.append(
                CatalogueWarning(
                    file: file, line: nil, machine: nil, problem: "the catalogue is not there",
                    advice: "Make it, or set machines.catalogue to the right file."))
        }
        for section in sections {
            let offer = CatalogueOffer(section: section, directory: directory)
            catalogue.warnings += offer.warnings
            if let machine = offer.machine { catalogue.machines.append(machine) }
        }
        return catalogue
    }

    /// The machine with a name. An ISO in the machines directory is found by its file name without being in the catalogue.
    package func machine(named name: String) -> Machine? {
        if let machine = machines.first(where: { $0.name == name }) { return machine }
        guard Machine.isValid(name: name), !directory.isEmpty else { return nil }
        let path = "\(directory)/\(name)"
        // Why a file can't be used is told only for machines that the catalogue names.
        guard let image = try? ImageInspector.inspect(ImageFile(path: path)), image.kind == .iso else { return nil }
        return Machine(
            name: name, description: name, path: path, kind: .iso, format: image.format,
            sizeBytes: Int(image.identity.size), virtualSizeBytes: image.virtualSizeBytes, identity: image.identity)
    }

    private struct ReadFailure: Error {
        var isMissing: Bool
        var warning: CatalogueWarning
    }

    private static func text(of file: String) -> Result<String, ReadFailure> {
        do {
            let data = try Data(contentsOf: URL(filePath: file))
            return .success(String(decoding: data, as: UTF8.self))
        } catch {
            let code = (error as? CocoaError)?.code
            return .failure(
                ReadFailure(
                    isMissing: code == .fileReadNoSuchFile || code == .fileNoSuchFile,
                    warning: CatalogueWarning(
                        file: file, line: nil, machine: nil, problem: "the catalogue can't be read",
                        advice: code == .fileReadNoPermission
                            ? "Give it read access: chmod a+r \(file)" : "It must be a text file.")))
        }
    }
}
