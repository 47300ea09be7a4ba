package import Domain

/// A machine whose file is not on this host and can be taken from the farm's store.
package struct FetchableMachine: Sendable, Hashable {
    package var name: String
    /// Its name in the store, and in the machines directory.
    package var file: String
    /// What its bytes must come to, if its section says so.
    package var sha256: String?
    package var published: MachineDescription

    /// Nil where the section is wrong, or has its file outside of the directory.
    init?(section: CatalogueSection, path: String, directory: String) {
        let file = path.split(separator: "/").last.map(String.init) ?? ""
        guard path == "\(directory)/\(file)", Machine.isValid(name: file), !section.isWrong else { return nil }
        // What it is shows when it is here.
        let isDisc = file.lowercased().hasSuffix(".iso")
        var machine = Machine(
            name: section.name, description: section.name, path: path, kind: isDisc ? .iso : .disk, format: .raw)
        var reader = SectionReader(section: section, warnings: [])
        reader.fill(&machine)
        guard reader.isHarmless else { return nil }
        if let text = section.text("arch"), let stated = MachineHardware.Architecture(written: text) {
            machine.hardware.architecture = stated
        }
        name = section.name
        self.file = file
        sha256 = machine.imageSHA256
        published = machine.published
    }
}
