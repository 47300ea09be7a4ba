import Dispatch
package import Domain

/// The machines that this host offers: what `machines.conf` names and a good file is there for.
package struct Catalogue: Sendable {
    package var machines: [Machine]
    package var warnings: [CatalogueWarning]
    /// ISO files in the machines directory that no section names: they can be started by their file name, but no form shows
    /// them.
    package var unlisted: [Machine]
    /// All files in the machines directory that no section names.
    package var leftovers: [UnlistedFile]
    /// Machines whose files are not here and can be had.
    package var fetchable: [FetchableMachine] = []

    /// What this host tells the others, in the order of its catalogue.
    package var offers: [MachineDescription] {
        let here = machines.map { ($0.order, $0.published) } + fetchable.map { ($0.published.order ?? 0, $0.published) }
        return here.sorted { $0.0 < $1.0 }.map { order, offer in
            var offer = offer
            offer.order = order
            return offer
        }
    }

    package init(
        machines: [Machine], warnings: [CatalogueWarning] = [], unlisted: [Machine] = [],
        leftovers: [UnlistedFile] = []
    ) {
        self.machines = machines
        self.warnings = warnings
        self.unlisted = unlisted
        self.leftovers = leftovers
    }

    /// Reads catalogue files and looks at each machine's file, once. A section in a later file replaces one of the same name.
    ///
    /// Waits for the disk; a service asks a `CatalogueReader`.
    package static func load(files: [String], directory: String) -> Catalogue {
        CatalogueReader(files: files, directory: directory).load(within: .seconds(60))
    }

    /// The machine with a name. An ISO in the machines directory is found by its file name without being in the catalogue.
    package func machine(named name: String) -> Machine? {
        machines.first { $0.name == name } ?? unlisted.first { $0.name == name }
    }

    /// Why there is no machine of a name, in words for people who must not be told the host's paths.
    package func publicProblem(of name: String) -> String? {
        warnings.last { $0.machine == name }.map { "\(name): \($0.text)" }
    }

    /// Why there is no machine of a name, if something is known of it.
    package func problem(of name: String) -> String? {
        if let warning = warnings.last(where: { $0.machine == name }) { return warning.description }
        // A path is asked for by who has just seen the file.
        return leftovers.first { $0.name == name || name.hasSuffix("/\($0.name)") }?.description
    }
}
