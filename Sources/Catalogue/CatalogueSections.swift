import Glibc

/// The sections of all catalogue files together. One in a later file replaces one of the same name.
struct CatalogueSections {
    private(set) var all: [CatalogueSection] = []
    private(set) var warnings: [CatalogueWarning] = []

    init(files: [(file: String, text: CatalogueText)]) {
        var found = false
        for (file, text) in files {
            switch text {
            case .text(let text):
                found = true
                add(CatalogueParser(text: text, file: file))
            case .missing: continue
            case .unreadable(let problem, let advice):
                found = true
                warn(file, problem, advice)
            case .passing(let code):
                found = true
                warn(
                    file, "the catalogue can't be read at the moment (\(String(cString: strerror(code))))",
                    "It is tried again; if it stays, check the disk and the limit of open files.")
            }
        }
        if !found, let file = files.last?.file {
            warn(file, "the catalogue is not there", "Make it, or set machines.catalogue to the right file.")
        }
    }

    private mutating func add(_ parser: CatalogueParser) {
        warnings += parser.warnings
        for section in parser.sections {
            if let index = all.firstIndex(where: { $0.name == section.name }) {
                all[index] = section
            } else {
                all.append(section)
            }
        }
    }

    private mutating func warn(_ file: String, _ problem: String, _ advice: String) {
        warnings.append(CatalogueWarning(file: file, line: nil, machine: nil, problem: problem, advice: advice))
    }

    /// The sections with the paths of their files; those without one are warned of.
    mutating func located(in directory: String) -> [(section: CatalogueSection, path: String)] {
        all.compactMap { section in
            if let path = section.path(in: directory) { return (section, path) }
            warnings.append(
                section.warning(
                    "path", "its path has “..” in it", "Write the whole path; a symbolic link may lead anywhere."))
            return nil
        }
    }
}
