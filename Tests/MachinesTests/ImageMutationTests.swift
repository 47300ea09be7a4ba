@testable import Catalogue
import Foundation
import Processes
import Testing

/// Headers that nobody made on purpose. Whatever they say, the inspector answers, and soon.
@Suite(.timeLimit(.minutes(3)), .enabled(if: Programs.find("qemu-img") != nil))
struct `A damaged header` {
    private static let formats = ["qcow2", "vmdk", "vdi", "vpc", "vhdx", "qed", "raw"]
    private let kitchen: ImageKitchen
    init() throws { kitchen = try ImageKitchen() }

    @Test(arguments: formats) func `of any length is refused`(format: String) throws {
        let bytes = try kitchen.convert(format)
        for count in Array(0..<1100) + stride(from: 2048, through: 300_000, by: 4099) {
            let path = try kitchen.write("short", [UInt8](bytes[..<count]))
            #expect(throws: ImageError.self, "\(count) bytes") { try ImageKitchen.inspect(path) }
        }
    }

    /// Where each format has its headers and tables.
    private static func zones(_ format: String, _ count: Int) -> [Range<Int>] {
        switch format {
        case "qcow2": [0..<120, 0..<120, 65_536..<65_600, 131_072..<131_100, 196_608..<196_700]
        case "vmdk": [0..<80, 512..<1100, 10_752..<10_800, 13_312..<14_000]
        case "vdi": [0x40..<0x1D0, 0x150..<0x190, 512..<540]
        case "vpc": [0..<90, 512..<600, 1536..<1560, count - 512..<count - 420]
        case "vhdx":
            [65_536..<65_620, 196_608..<196_700, 2 << 20..<(2 << 20) + 300, (2 << 20) + 65_536..<(2 << 20) + 65_600]
        case "qed": [0..<64, 65_536..<65_600]
        default: [440..<512, 0x8000..<0x80B0, 0x8800..<0x8850, 0xC000 * 2..<0xC000 * 2 + 48, 510..<1100]
        }
    }

    @Test(arguments: formats) func `ends nothing and names no other file`(format: String) throws {
        var random = SeededGenerator(state: 20_260_101)
        let bytes = try kitchen.convert(format)
        let path = try kitchen.write("mutant", bytes)
        let file = try FileHandle(forUpdating: URL(filePath: path))
        defer { try? file.close() }
        let extremes: [UInt64] = [0, 1, .max, .max - 1, 1 << 63, 1 << 62, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 31, 511, 513]
        for _ in 0..<500 {
            var changed: [(Int, Int)] = []
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                let zone = Self.zones(format, bytes.count).randomElement(using: &random) ?? 0..<64
                let width = [1, 2, 4, 8].randomElement(using: &random) ?? 1
                let offset = Int.random(in: zone.lowerBound..<zone.upperBound - 8, using: &random) & ~(width - 1)
                let value = Bool.random(using: &random) ? extremes.randomElement(using: &random) ?? 0 : random.next()
                try file.write(
                    DiskBytes.little(value, width), at: offset)
                changed.append((offset, width))
            }
            // The sums of a VHDX and a VHD guard their headers from nobody who can add.
            if format == "vpc" { try file.sumVHD(bytes.count) }
            if format == "vhdx" { try file.sumVHDX() }
            if let image = try? ImageKitchen.inspect(path) {
                #expect(image.virtualSizeBytes > 0 && image.virtualSizeBytes % 512 == 0)
                if random.next() % 8 == 0 {
                    let information = try kitchen.output(
                        "qemu-img", ["info", "-f", image.format.rawValue, "--output=json", path])
                    #expect(information?.contains("backing-filename") != true)
                    if let information {
                        #expect(information.contains("\"virtual-size\": \(image.virtualSizeBytes),"), "\(changed)")
                    }
                }
            }
            for (offset, width) in changed { try file.write([UInt8](bytes[offset..<offset + width]), at: offset) }
            if format == "vpc" { try file.write([UInt8](bytes[..<1536]), at: 0) }
            if format == "vpc" { try file.write([UInt8](bytes.suffix(512)), at: bytes.count - 512) }
        }
    }
}

extension FileHandle {
    fileprivate func write(_ bytes: [UInt8], at offset: Int) throws {
        try seek(toOffset: UInt64(offset))
        try write(contentsOf: Data(bytes))
    }

    private func bytes(_ range: Range<Int>) throws -> [UInt8] {
        try seek(toOffset: UInt64(range.lowerBound))
        return [UInt8](try read(upToCount: range.count) ?? Data())
    }

    fileprivate func sumVHD(_ count: Int) throws {
        for (start, length, place) in [(0, 512, 64), (512, 1024, 36), (count - 512, 512, 64)] {
            var header = try bytes(start..<start + length)
            header.sumVHD(0..<length, at: place)
            try write(header, at: start)
        }
    }

    fileprivate func sumVHDX() throws {
        for (start, length) in [(65_536, 4096), (131_072, 4096), (196_608, 65_536)] {
            var header = try bytes(start..<start + length)
            header.sumVHDX(0..<length)
            try write(header, at: start)
        }
    }
}

/// SplitMix64, so that a failure comes again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
