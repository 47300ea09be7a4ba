/// A parameter of the kernel's command line.
struct KernelParameter: Hashable, Sendable, CustomStringConvertible {
    let key: String
    let value: String

    var description: String { "\(key)=\(value)" }

    /// Whether a word of a command line says so: also as one of several values, as in `intel_iommu=on,sm_on`.
    func isSaid(by word: Substring) -> Bool { values(of: word).contains { $0 == value } }

    /// Whether a word says the opposite.
    func isDenied(by word: Substring) -> Bool { values(of: word).contains("off") }

    private func values(of word: Substring) -> [Substring] {
        word.hasPrefix("\(key)=") ? word.dropFirst(key.count + 1).split(separator: ",") : []
    }

    /// A command line that has all of these parameters. Words that are there stay as they are, in their order.
    static func add(_ parameters: [KernelParameter], to line: String) -> String {
        parameters.reduce(line) { line, parameter in
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            if words.contains(where: parameter.isSaid) { return line }
            if words.contains(where: parameter.isDenied) {
                return words.map { parameter.isDenied(by: $0) ? "\(parameter)" : String($0) }.joined(separator: " ")
            }
            return line.isEmpty || line.hasSuffix(" ") ? "\(line)\(parameter)" : "\(line) \(parameter)"
        }
    }
}
