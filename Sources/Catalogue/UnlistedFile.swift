/// A file in the machines directory that no section of the catalogue names.
package struct UnlistedFile: Sendable, Hashable, CustomStringConvertible {
    package var name: String
    /// What it is, or why it can't be a machine.
    package var finding: String
    /// Whether it could be a machine's.
    package private(set) var isImage = false
    /// How it becomes a machine.
    package var advice: String

    package var description: String { "\(Self.visible(name)): \(finding). \(advice)" }

    init(name: String, verdict: ImageIndex.Verdict) {
        self.name = name
        if name.unicodeScalars.contains("\u{FFFD}") {
            finding = "its name is not in UTF-8"
            advice = "Rename it: a section can't name it as it is."
            return
        }
        switch verdict.flatMap({ image in
            Result { () throws(ImageError) in try image.resolved(stated: nil, path: name) }
        }) {
        case .success(let image):
            isImage = true
            let size = "\(image.identity.size >> 20) MiB"
            finding =
                image.kind == .iso ? "it is a CD image, \(size)" : "it is a disk (\(image.format.rawValue)), \(size)"
            advice = Self.advice(name, isDisc: image.kind == .iso)
        case .failure(let problem):
            finding = problem.problem
            advice = problem.advice
        }
    }

    private static func advice(_ name: String, isDisc: Bool) -> String {
        if Machine.isValid(name: name) {
            return "To offer it, write [\(name)] in machines.conf"
                + (isDisc ? "; qwd start \(name) starts it as it is." : ".")
        }
        // A line of the catalogue can't have everything that a file's name can.
        guard !name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            return "Rename it: a section can't name it as it is."
        }
        return "To offer it, write a section of another name in machines.conf with path=\"\(name)\" in it."
    }

    /// A name without what would move the cursor or begin a line of its own.
    private static func visible(_ name: String) -> String {
        name.unicodeScalars.reduce(into: "") { text, scalar in
            text +=
                scalar.properties.generalCategory == .control
                ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }
    }
}
