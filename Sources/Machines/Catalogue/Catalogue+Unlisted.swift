import Processes

extension Catalogue {
    /// ISO files in the machines directory that no catalogue names: they can be started by their file name, but no form
    /// shows them.
    package var unlisted: [Machine] {
        let listed = Set(machines.map(\.name))
        return Files.names(in: directory).sorted().filter { !listed.contains($0) }.compactMap { machine(named: $0) }
    }
}
