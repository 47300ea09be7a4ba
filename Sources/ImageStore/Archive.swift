import Glibc
import Processes

/// Unpacks what images come in: one file compressed by xz, gzip or zstd; a zip or a tar (OVA) with one disk in it. By Debian's
/// programs, shut in, with a bound on what they may write.
enum Archive: String, Sendable {
    case xz, gzip, zstd, zip, tar

    /// By the first bytes of a file, and never by its name; nil if it is none of these.
    init?(_ head: [UInt8]) {
        func begins(_ mark: [UInt8], at offset: Int = 0) -> Bool {
            head.count >= offset + mark.count && Array(head[offset..<offset + mark.count]) == mark
        }
        if begins([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]) {
            self = .xz
        } else if begins([0x1F, 0x8B]) {
            self = .gzip
        } else if begins([0x28, 0xB5, 0x2F, 0xFD]) {
            self = .zstd
        } else if begins([0x50, 0x4B, 0x03, 0x04]) {
            self = .zip
        } else if begins(Array("ustar".utf8), at: 257) {
            self = .tar
        } else {
            return nil
        }
    }

    private var package: String {
        switch self {
        case .xz: "xz-utils"
        case .gzip: "gzip"
        case .zstd: "zstd"
        case .zip: "unzip"
        case .tar: "tar"
        }
    }

    /// Longest time to look into one, and to unpack one: some terabytes from a slow disk.
    private static let lookLimit = Duration.seconds(60)
    private static let limit = Duration.seconds(6 * 3600)
    private static let file = "/archive"

    /// Unpacks the image in `source` into `target`.
    /// - Parameter most: Bytes that it may have.
    func unpack(_ source: String, into target: String, most: Int) async throws(ImageStoreError) {
        let words: [String]
        switch self {
        case .xz, .gzip, .zstd: words = ["-dc", Self.file]
        case .zip: words = ["-p", Self.file, Self.pattern(try await member(of: source, ["-Z1", Self.file]))]
        case .tar: words = ["-xOf", Self.file, "--", try await member(of: source, ["-tf", Self.file])]
        }
        let output: Descriptor
        do { output = try Files.create(target) } catch { throw ImageStoreError(.system, error.detail) }
        let (ok, message) = try await run(source, words, output: output, most: most, limit: Self.limit)
        // unzip does not notice that it could write no more.
        let isCut = Files.length(target) >= most
        guard ok, !isCut else {
            let isLong =
                isCut || message.isEmpty || message.contains("File size limit") || message.contains("File too large")
            throw ImageStoreError(
                isLong ? .noSpace : .badArchive,
                isLong
                    ? "What is in the archive has more than \(most >> 20) MiB, which is all the space there is for it. Free some."
                    : "The archive can't be unpacked (\(message.prefix(200))). Get it again.")
        }
    }

    /// The name of the one disk in an archive of several files.
    private func member(of source: String, _ words: [String]) async throws(ImageStoreError) -> String {
        let (ok, text) = try await run(source, words, output: nil, most: 1 << 20, limit: Self.lookLimit)
        guard ok else {
            throw ImageStoreError(.badArchive, "The archive can't be read (\(text.prefix(200))). Get it again.")
        }
        let disks = text.split(separator: "\n").map(String.init).filter { name in
            ["vmdk", "qcow2", "vdi", "vhd", "vhdx", "img", "raw", "iso", "qed"].contains {
                name.lowercased().hasSuffix(".\($0)")
            }
        }
        guard disks.count == 1, let disk = disks.first else {
            throw ImageStoreError(
                .badArchive,
                disks.isEmpty
                    ? "There is no disk in the archive. Unpack it yourself, then: qwd machine add FILE"
                    : "There are \(disks.count) disks in the archive (\(disks.prefix(3).joined(separator: ", "))). Unpack it yourself, "
                        + "then: qwd machine add FILE")
        }
        return disk
    }

    /// unzip takes a pattern, not a name.
    private static func pattern(_ name: String) -> String {
        name.reduce(into: "") { text, character in
            if "*?[]\\".contains(character) { text.append("\\") }
            text.append(character)
        }
    }

    private func run(
        _ source: String, _ words: [String], output: Descriptor?, most: Int, limit: Duration
    ) async throws(ImageStoreError) -> (ok: Bool, text: String) {
        var program = Program(self == .zip ? "unzip" : rawValue, words, package: package)
        program.fileBytes = most
        var sandbox = Sandbox()
        sandbox.readOnly = [Sandbox.Mount(source, at: Self.file)]
        sandbox.dropsRights = true
        program.sandbox = sandbox
        do {
            let result = try await ForegroundProcess.run(program, output: output, limit: limit)
            return (result.isSuccess, result.isSuccess ? result.output : result.message)
        } catch {
            throw ImageStoreError(.system, "\(error)")
        }
    }
}
