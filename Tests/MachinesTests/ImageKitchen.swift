@testable import Catalogue
import Foundation
import Synchronization
import Testing

/// A directory in which images are made: by qemu-img where it can, by hand where it would not.
final class ImageKitchen: Sendable {
    static let disc = "/usr/lib/grub-rescue/grub-rescue-cdrom.iso"
    /// What was converted already, by the words of its command.
    private static let converted = Mutex<[[String]: [UInt8]]>([:])
    let directory: String

    init() throws {
        directory = NSTemporaryDirectory() + "qwd-images-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// The GRUB rescue CD in a format.
    func convert(_ format: String, _ options: String...) throws -> [UInt8] {
        let words = ["convert", "-f", "raw", "-O", format] + options
        if let made = Self.converted.withLock({ $0[words] }) { return made }
        try run("qemu-img", words + [Self.disc, path("converted")])
        let image = try bytes(path("converted"))
        Self.converted.withLock { $0[words] = image }
        return image
    }

    /// An empty disk.
    func create(_ format: String, _ options: String...) throws -> [UInt8] {
        let path = path("created")
        let words = ["create", "-q", "-f", format] + options + [path, "16M"]
        // To make a key, qemu-img measures its own processor time, and says that it can't: on some hosts two times of three.
        let isMade =
            try options.contains { $0.contains("key-secret") }
            && (0..<100).contains { _ in try output("qemu-img", words) != nil }
        if !isMade { try run("qemu-img", words) }
        return try bytes(path)
    }

    func bytes(_ path: String = ImageKitchen.disc) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: path)))
    }

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8], length: Int? = nil) throws -> String {
        let path = path(name)
        try Data(bytes).write(to: URL(filePath: path))
        if let length { try #require(truncate(path, length) == 0) }
        return path
    }

    @discardableResult
    func run(_ program: String, _ arguments: [String]) throws -> String {
        try #require(try output(program, arguments), "\(program) \(arguments)")
    }

    /// What a program says, or nil if it fails.
    func output(_ program: String, _ arguments: [String]) throws -> String? {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        // Names in options are relative to where the program runs.
        process.currentDirectoryURL = URL(filePath: directory)
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return process.terminationStatus == 0 ? text : nil
    }

    /// Checks that an image has the bytes of the GRUB rescue CD.
    func compare(_ path: String, _ format: DiskFormat) throws {
        try run("qemu-img", ["compare", "-q", "-f", "raw", "-F", format.rawValue, Self.disc, path])
    }

    static func inspect(_ path: String) throws -> DiskImage {
        try ImageInspector.inspect(ImageFile(path: path))
    }
}

extension [UInt8] {
    /// Where bytes are first found.
    func place(of bytes: [UInt8], from start: Int = 0) throws -> Int {
        try #require(
            (start...count - bytes.count).first {
                self[$0] == bytes[0] && self[$0..<$0 + bytes.count].elementsEqual(bytes)
            })
    }

    /// Sets the checksum of a VHD's header: one's complement of the sum of all other bytes.
    mutating func sumVHD(_ range: Range<Int>, at offset: Int) {
        put([0, 0, 0, 0], at: range.lowerBound + offset)
        let sum = self[range].reduce(UInt32(0)) { $0 &+ UInt32($1) }
        put(DiskBytes.big(UInt64(~sum), 4), at: range.lowerBound + offset)
    }

    /// Sets the CRC-32C at byte 4 of a VHDX header.
    mutating func sumVHDX(_ range: Range<Int>) {
        put([0, 0, 0, 0], at: range.lowerBound + 4)
        var sum = UInt32.max
        for byte in self[range] {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : sum >> 1 ^ 0x82F6_3B78 }
        }
        put(DiskBytes.little(UInt64(~sum), 4), at: range.lowerBound + 4)
    }
}
