/// The text inside of a vmdk file that says which files make the disk.
struct VMDKDescriptor {
    private let area: ImageHeader
    private let lines: [ArraySlice<UInt8>]

    /// - Parameter area: Where the text is. It ends at the first NUL.
    init(_ area: ImageHeader) {
        self.area = area
        let text = area.bytes.prefix { $0 != 0 }
        lines = text.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
            .map { line in
                var line = line.drop { Self.isSpace($0) }
                while let last = line.last, Self.isSpace(last) { line.removeLast() }
                return line
            }
    }

    /// Checks that the disk is this file alone. Compared by bytes: two characters that look alike, or a mark that melts into
    /// the letter before it, must not hide a name.
    func checkSelfContained() throws(ImageError) {
        // Anywhere, not only where a line begins: QEMU looks for it in the same way.
        guard !area.contains("parentfilenamehint") else { throw .basedOnAnother }
        guard !lines.isEmpty else { throw ImageError("it is one part of a split disk", ImageError.flatten) }
        guard value(of: "parentcid") == "ffffffff" else { throw .basedOnAnother }
        let type = value(of: "createtype")
        guard type == "monolithicsparse" || type == "streamoptimized" else {
            if type?.isEmpty == false { throw .dataElsewhere }
            throw .damaged("vmdk descriptor")
        }
        let extents = lines.filter(isExtent)
        guard extents.count == 1, let extent = extents.first else {
            if extents.isEmpty { throw .damaged("vmdk descriptor") }
            throw .dataElsewhere
        }
        // Access, length, type, name.
        let words = extent.split(maxSplits: 3, whereSeparator: Self.isSpace)
        guard words.count == 4, Self.text(words[0]) == "rw", Self.text(words[2]) == "sparse" else {
            throw .dataElsewhere
        }
    }

    private func isExtent(_ line: ArraySlice<UInt8>) -> Bool {
        let first = line.prefix { !Self.isSpace($0) }
        return ["rw", "rdonly", "noaccess"].contains(Self.text(first))
    }

    /// The value of a key in lower case, without quotation marks; nil if it is not there or there twice.
    private func value(of key: String) -> String? {
        let values = lines.compactMap { line -> String? in
            guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            var name = line[..<equals]
            while let last = name.last, Self.isSpace(last) { name.removeLast() }
            guard Self.text(name) == key else { return nil }
            return Self.text(
                line[line.index(after: equals)...].filter { $0 != UInt8(ascii: "\"") && !Self.isSpace($0) }[...])
        }
        return values.count == 1 ? values[0] : nil
    }

    /// ASCII in lower case; nil if there is anything else in it.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String? {
        guard bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
        return String(decoding: bytes, as: UTF8.self).lowercased()
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}
