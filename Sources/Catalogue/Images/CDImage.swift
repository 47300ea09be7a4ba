/// A CD or DVD: ECMA-119 (ISO 9660) with El Torito, version 1.0, and perhaps UDF (ECMA-167) beside it. Sectors have 2048
/// bytes; numbers are little-endian.
enum CDImage {
    private static let sector: UInt64 = 2048
    private static let mark = "CD001"
    /// Sectors in which volume descriptors are looked for; the first is 16.
    private static let descriptors = 16..<48

    static func recognizes(_ file: ImageFile) -> Bool {
        // Each descriptor has its identifier one byte in. A disc with UDF alone begins with BEA01.
        file.head.begins(mark, at: 0x8001) || file.head.begins("BEA01", at: 0x8001)
    }

    /// - Returns: What starts it: nothing, if it has data alone.
    static func check(_ file: ImageFile) throws(ImageError) -> BootSurvey {
        let head = file.head
        guard let volume = place(of: { head.little($0, 1) == 1 && head.begins(mark, at: $0 + 1) }, head) else {
            throw file.size < UInt64(descriptors.upperBound) * sector ? .cutOff(file) : .damaged("CD volume")
        }
        let blocks = head.little(volume + 80, 4)
        let block = head.little(volume + 128, 2)
        // Both numbers are there in both byte orders.
        guard blocks > 0, blocks == head.big(volume + 84, 4), block.isPowerOfTwo, block >= 512, block <= 2048,
            block == head.big(volume + 130, 2)
        else { throw .damaged("CD volume") }
        guard blocks * block <= file.size else { throw .cutOff(file) }
        if place(of: { head.begins("NSR0", at: $0 + 1) }, head) != nil { try checkUDF(file) }
        return try boots(file)
    }

    private static func place(of isWanted: (Int) -> Bool, _ head: ImageHeader) -> Int? {
        descriptors.map { $0 * Int(sector) }.first(where: isWanted)
    }

    /// The ISO part of a disc with UDF may be a note of a few bytes; the UDF partition is what must be there.
    private static func checkUDF(_ file: ImageFile) throws(ImageError) {
        // An anchor is in sector 256. It names the descriptors, of which number 5 tells the partition.
        let anchor = try file.read(256 * sector, 512)
        guard anchor.little(0, 2) == 2 else { throw .damaged("UDF volume") }
        let first = anchor.little(20, 4)
        for index in 0..<min(anchor.little(16, 4) / sector, 64) {
            let descriptor = try file.read((first + index) * sector, 512)
            if descriptor.little(0, 2) == 8 { break }
            if descriptor.little(0, 2) == 5,
                (descriptor.little(188, 4) + descriptor.little(192, 4)) * sector > file.size
            {
                throw .cutOff(file)
            }
        }
    }

    /// Checks what firmware does before it starts a CD: El Torito sections 2.0 to 2.5. The first entry of the catalogue is for
    /// one platform, sections that may follow are for others.
    private static func boots(_ file: ImageFile) throws(ImageError) -> BootSurvey {
        let head = file.head
        var survey = BootSurvey()
        guard head.begins(mark, at: 0x8801), head.little(0x8800, 1) == 0,
            head.begins("EL TORITO SPECIFICATION", at: 0x8807)
        else { return survey }
        let place = head.little(0x8847, 4) * sector
        let catalogue = try file.read(place, file.holds(place, sector) ? sector : 64)
        guard catalogue.little(0, 1) == 1, catalogue.begins([0x55, 0xAA], at: 30) else { return survey }
        try add(&survey, platform: catalogue.little(1, 1), entry: 32, of: catalogue, file)
        // Section headers: 0x90, or 0x91 for the last; then their entries.
        var header = 64
        while [0x90, 0x91].contains(catalogue.little(header, 1)), header + 64 <= catalogue.count {
            try add(&survey, platform: catalogue.little(header + 1, 1), entry: header + 32, of: catalogue, file)
            if catalogue.little(header, 1) == 0x91 { break }
            header += 32 * Int(1 + max(1, catalogue.little(header + 2, 2)))
        }
        if survey.byBIOS, !survey.byUEFI { survey.architecture = .amd64 }
        return survey
    }

    private static func add(
        _ survey: inout BootSurvey, platform: UInt64, entry: Int, of catalogue: ImageHeader, _ file: ImageFile
    ) throws(ImageError) {
        guard catalogue.little(entry, 1) == 0x88 else { return }
        let start = catalogue.little(entry + 8, 4) * sector
        guard file.holds(start, catalogue.little(entry + 6, 2) * 512) else { throw .cutOff(file) }
        switch platform {
        case 0: survey.byBIOS = true
        case 0xEF:
            survey.byUEFI = true
            // A FAT file system, whose own length is seldom in the entry.
            let length = min(file.size - start, 8 << 20)
            let found = BootSurvey.architecture(in: try file.read(start, length))
            survey.architecture = survey.architecture ?? found
        default: break
        }
    }
}
