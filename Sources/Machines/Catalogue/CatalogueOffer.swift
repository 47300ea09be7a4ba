/// What one section of the catalogue comes to on this host: a machine, or the reason why not.
struct CatalogueOffer: Sendable {
    private(set) var machine: Machine?
    private(set) var warnings: [CatalogueWarning] = []

    init(section: CatalogueSection, directory: String) {
        guard let path = path(of: section, in: directory) else { return }
        let image: DiskImage
        do throws(ImageProblem) {
            image = try ImageInspector.inspect(ImageFile(path: path))
                .resolved(stated: section.text("format"), path: path)
        } catch {
            let missing = error.problem == "it is not there"
            let url = missing ? section.text("url") : nil
            let advice = url.map { "Get it from \($0)." } ?? error.advice
            warnings.append(
                CatalogueWarning(
                    file: path, line: nil, machine: section.name, problem: error.problem, advice: advice))
            return
        }
        machine = Machine(
            name: section.name, description: section.text("description") ?? section.name, path: path,
            kind: image.kind, format: image.format, architecture: architecture(of: section),
            cpu: number(section, "cpu", unit: "CPUs").map { Int($0.rounded(.up)) },
            memoryMiB: number(section, "memory", unit: "GiB").map { Int(($0 * 1024).rounded(.up)) },
            sizeBytes: Int(image.identity.size), virtualSizeBytes: image.virtualSizeBytes, identity: image.identity)
    }

    private mutating func path(of section: CatalogueSection, in directory: String) -> String? {
        let isPath = section.title.hasPrefix("/")
        let path = section.text("path") ?? (isPath ? section.title : section.name)
        guard !path.split(separator: "/").contains("..") else {
            warnings.append(
                section.warning(
                    "path", "its path has “..” in it", "Write the whole path; a symbolic link may lead anywhere."))
            return nil
        }
        return path.hasPrefix("/") ? path : "\(directory)/\(path)"
    }

    private mutating func architecture(of section: CatalogueSection) -> String {
        switch section.text("arch")?.lowercased() {
        case nil, "amd64", "x86-64": return "x86_64"
        case "arm64": return "aarch64"
        case let name?:
            if name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }) { return name }
            warnings.append(section.warning("arch", "arch=\(name) is no architecture", "Write x86_64 or aarch64."))
            return "x86_64"
        }
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
