/// What a section of the catalogue says of its files, whether these are there or not.
package struct SectionSummary: Sendable, Hashable {
    package var name: String
    package var path: String
    /// Its file, and those of what it has besides.
    package var paths: [String]
    package var url: String?
    package var sha256: String?

    /// Of all catalogue files together, as `Catalogue.load` takes them.
    package static func all(files: [String], directory: String) -> [SectionSummary] {
        CatalogueSections(files: files.map { ($0, CatalogueText(file: $0)) }).all.compactMap { section in
            guard let path = section.path(in: directory) else { return nil }
            return SectionSummary(
                name: section.name, path: path, paths: [path] + section.attachments(in: directory).map(\.path),
                url: section.text("url"), sha256: section.text("sha256")?.lowercased())
        }
    }
}
