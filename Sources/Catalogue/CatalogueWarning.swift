/// Something in the catalogue that does not work. The rest of the catalogue is not touched by it.
package struct CatalogueWarning: Sendable, Hashable, CustomStringConvertible {
    /// The catalogue file or machine file it is about.
    package var file: String
    /// Line in `file`, from 1; nil when it is about the file as a whole.
    package var line: Int?
    /// The machine concerned, if it is about one.
    package var machine: String?
    package var problem: String
    /// The way out.
    package var advice: String

    /// Both, without the place, which is nobody's but the administrator's.
    package var text: String { "\(problem). \(advice)" }

    package var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        let subject = machine.map { "\($0): " } ?? ""
        return "\(subject)\(place): \(text)"
    }
}
