import Domain

/// Texts that are found under the name of a disk: error pages, pointers, descriptions of disks.
enum TextFile {
    private static let limit = 512

    /// What the text is, if the file begins like one.
    static func problem(_ head: ImageHeader) -> ImageError? {
        // Descriptions of disks are filled up with zeros.
        let start = head.bytes.prefix(limit).trimmingZeros
        if head.begins([0xFF, 0xFE]) || head.begins([0xFE, 0xFF]) { return text("a text") }
        // Of a character at the end there may be only a part.
        guard !start.isEmpty, start.allSatisfy(isText),
            (0..<4).contains(where: { String(validating: start.dropLast($0), as: UTF8.self) != nil })
        else { return nil }
        let beginning = ImageHeader(bytes: Array(start))
        func has(_ words: String) -> Bool { beginning.contains(words) }
        if has("<!doctype html") || has("<html") {
            return ImageError(
                "it is a web page, not a disk", "The download's address is wrong; get the image itself.")
        }
        if has("git-lfs.github.com") {
            return ImageError("it is a pointer of git LFS, not the file itself", "Get the file: git lfs pull")
        }
        if has("disk descriptorfile") || has("createtype") || has("parentcid") {
            return ImageError(
                "it is a descriptor, and its data is in other files",
                "Make one file of it: qemu-img convert -O qcow2 OLD.vmdk NEW.qcow2")
        }
        if has("<envelope") || has("config.version") || has("virtualhw") || has("<domain") {
            return text("the description of a machine", "Its disk is another file, beside it.")
        }
        if has("<?xml") { return text("a text (XML)", "If it describes a machine, its disk is another file.") }
        if beginning.begins("#!") { return text("a script") }
        if let first = start.first(where: { !isSpace($0) }), first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
            return text("an answer in JSON", "The download's address is wrong; get the image itself.")
        }
        if start.prefix(32).allSatisfy({ Hexadecimal.value($0) != nil }), start.count >= 32 {
            return text("a list of checksums")
        }
        return text("a text")
    }

    private static func text(_ what: String, _ advice: String = "Get the image itself.") -> ImageError {
        ImageError("it is \(what), not a disk", advice)
    }

    private static func isText(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || isSpace(byte) || byte == 0x0C }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

extension ArraySlice<UInt8> {
    fileprivate var trimmingZeros: ArraySlice<UInt8> { self[..<((lastIndex { $0 != 0 } ?? startIndex - 1) + 1)] }
}
