/// What a section of the catalogue says of its files, whether these are there or not.
package struct SectionSummary: Sendable, Hashable {
    package var name: String
    package var path: String
    /// Its file, and those of what it has besides.
    package var paths: [String]
    package var url: String?
    package var sha256: String?

    /// An address as it may be shown and logged.
    package static func shown(url: String) -> String { CatalogueSection.shown(url: url) }

    /// Of all catalogue files together, as `Catalogue.load` takes them.
    package static func all(files: [String], directory: String) -> [SectionSummary] {
        CatalogueSections(files: files.map { ($0, CatalogueText(file: $0)) }).all.compactMap {
            SectionSummary($0, in: directory)
        }
    }

    /// What is wrong with the files themselves, and with which sections: then nobody knows all that they name.
    package static func problems(files: [String], directory: String) -> [CatalogueWarning] {
        var sections = CatalogueSections(files: files.map { ($0, CatalogueText(file: $0)) })
        _ = sections.located(in: directory)
        return sections.warnings
    }

    init?(_ section: CatalogueSection, in directory: String) {
        guard let path = section.path(in: directory) else { return nil }
        name = section.name
        self.path = path
        paths = [path] + section.attachments(in: directory).map(\.path)
        url = section.text("url")
        sha256 = section.text("sha256")?.lowercased()
    }

    /// What is wrong with keys of a section that is to be written, whatever its file is; empty for nothing.
    /// - Parameter image: What its file is, if that is known: then its hardware is looked at too.
    package static func problems(
        name: String, values: [(key: String, value: String)], image: DiskImage? = nil
    ) -> [String] {
        var section = CatalogueSection(title: name, file: "", line: 0)
        for (key, value) in values {
            guard CatalogueSection.keys.contains(key) else {
                return [
                    "\(key): there is no such key. There is: \(CatalogueSection.keys.sorted().joined(separator: ", "))."
                ]
            }
            section.values[key] = CatalogueSection.Value(text: value, line: 0)
        }
        var reader = SectionReader(section: section, warnings: [])
        var machine = Machine(name: name, description: name, path: "", kind: .iso, format: .raw)
        reader.fill(&machine)
        let hardware = image.map { HardwareChoice(section: section, image: $0).warnings } ?? []
        return (reader.warnings + hardware).map(\.text)
    }
}
