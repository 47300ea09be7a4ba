/// Where the tables and clusters of a qcow2 file lie.
struct QCOW2Layout {
    /// A part of the file whose length is known to the byte.
    struct Piece {
        var offset: UInt64
        var count: UInt64
        var end: UInt64 { offset.clampedPlus(count) }
    }

    /// Bits of an entry that are a place in the file.
    private static let placeMask: UInt64 = 0x00FF_FFFF_FFFF_FE00

    let file: ImageFile
    let size: UInt64
    let clusterBits: UInt64
    /// Bytes of an entry of an L2 table.
    let entryBytes: UInt64
    let refcountBits: UInt64

    var cluster: UInt64 { 1 << clusterBits }

    private var l1: Piece { Piece(offset: file.head.big(40, 8), count: file.head.big(36, 4) * 8) }

    /// Checks the tables that the header names: L1 with all L2 tables, refcounts, snapshots.
    /// - Returns: All of them but the L2 tables.
    func tables() throws(ImageError) -> [Piece] {
        let head = file.head
        let l1 = l1
        let covered = cluster.clampedTimes(cluster / entryBytes)
        guard l1.offset % cluster == 0, l1.count / 8 >= size.pieces(of: covered), refcountBits <= 64 else {
            throw .damaged("qcow2 header")
        }
        let refcounts = Piece(offset: head.big(48, 8), count: head.big(56, 4) << clusterBits)
        guard refcounts.offset % cluster == 0, refcounts.offset > 0, refcounts.count > 0 else {
            throw .damaged("qcow2 header")
        }
        try checkL2Tables()
        return [l1, refcounts] + (try snapshots())
    }

    private func checkL2Tables() throws(ImageError) {
        let table = try file.read(l1.offset, l1.count)
        for entry in stride(from: 0, to: table.count, by: 8) {
            let place = table.big(entry, 8) & Self.placeMask
            guard place != 0 else { continue }
            guard place % cluster == 0 else { throw .damaged("L1 table") }
            guard file.holds(place, cluster) else { throw .cutOff(file) }
        }
    }

    /// Snapshots in the same file are harmless; their tables must be there.
    private func snapshots() throws(ImageError) -> [Piece] {
        let count = file.head.big(60, 4)
        let start = file.head.big(64, 8)
        guard count > 0 else { return [] }
        guard count <= 65_536, start % cluster == 0, start < file.size else { throw .cutOff(file) }
        let table = try file.read(start, min(file.size - start, 16 << 20))
        var pieces: [Piece] = []
        var offset = 0
        for _ in 0..<count {
            guard offset + 40 <= table.count else { throw .cutOff(file) }
            pieces.append(Piece(offset: table.big(offset, 8), count: table.big(offset + 8, 4) * 8))
            let texts = table.big(offset + 12, 2) + table.big(offset + 14, 2) + table.big(offset + 36, 4)
            offset += 40 + (Int(texts) + 7) / 8 * 8
        }
        // The padding of the last one need not be written.
        pieces.append(Piece(offset: start, count: UInt64(max(offset - 7, 0))))
        return pieces
    }

    /// Checks that the file ends where its last cluster in use does, or later.
    func checkEnd(_ metadata: [Piece]) throws(ImageError) {
        for piece in metadata {
            guard file.holds(piece.offset, piece.count) else { throw .cutOff(file) }
        }
        let start = try lastCluster().clampedTimes(cluster)
        guard start < file.size else { throw .cutOff(file) }
        if file.holds(start, cluster) { return }
        // The file ends inside of its last cluster, as it does when that is written only in part.
        if metadata.contains(where: { $0.end > start && $0.count > 0 }) { return }
        guard let end = try dataEnd(in: start), end <= file.size else { throw .cutOff(file) }
    }

    /// Number of the last cluster that is counted as used.
    private func lastCluster() throws(ImageError) -> UInt64 {
        let table = try file.read(file.head.big(48, 8), file.head.big(56, 4) << clusterBits)
        let perBlock = cluster * 8 / refcountBits
        var looked = 0
        for entry in stride(from: table.count - 8, through: 0, by: -8) {
            let place = table.big(entry, 8) & ~511
            guard place != 0 else { continue }
            guard place % cluster == 0 else { throw .damaged("refcount table") }
            let block = try file.read(place, cluster)
            if let byte = block.bytes.lastIndex(where: { $0 != 0 }) {
                // Of several counts in one byte the last one used has the highest bits.
                let bit = refcountBits < 8 ? 7 - block.bytes[byte].leadingZeroBitCount : 0
                let number = UInt64(byte * 8 + bit) / refcountBits
                return UInt64(entry / 8).clampedTimes(perBlock).clampedPlus(number)
            }
            looked += 1
            if looked > 64 { break }
        }
        throw .damaged("refcount table")
    }

    /// Where the data ends that lies in the cluster at `start`, or nil if no data was found there.
    private func dataEnd(in start: UInt64) throws(ImageError) -> UInt64? {
        var found: UInt64?
        var budget = ImageFile.sampleLimit
        let table = try file.read(l1.offset, l1.count)
        for index in stride(from: table.count / 8 - 1, through: 0, by: -1) {
            let place = table.big(index * 8, 8) & Self.placeMask
            guard place != 0 else { continue }
            let entries = try file.read(place, cluster)
            for entry in 0..<Int(cluster / entryBytes) {
                let offset = entry * Int(entryBytes)
                guard
                    let piece = data(
                        entries.big(offset, 8), parts: entryBytes == 16 ? entries.big(offset + 8, 8) : nil,
                        number: UInt64(index) * (cluster / entryBytes) + UInt64(entry)),
                    piece.end > start, piece.offset < start.clampedPlus(cluster)
                else { continue }
                found = max(found ?? 0, piece.end)
            }
            guard budget > cluster else { break }
            budget -= cluster
        }
        return found
    }

    /// What an entry of an L2 table says of the guest's cluster of this number.
    /// - Parameter parts: The second half of an extended entry: bits 0 to 31 tell which parts of the cluster are written.
    private func data(_ entry: UInt64, parts: UInt64?, number: UInt64) -> Piece? {
        guard entry & 1 << 62 == 0 else {
            // Packed: a place, and how many more sectors its data touches; of the last one only a part may be written.
            let bits = 62 - (clusterBits - 8)
            let place = entry & (1 << bits - 1)
            let sectors = entry >> bits & (1 << (clusterBits - 8) - 1)
            return Piece(offset: place, count: max(place / 512 * 512 + sectors * 512, place) + 1 - place)
        }
        let place = entry & Self.placeMask
        guard place != 0 else { return nil }
        let guest = number.clampedTimes(cluster)
        let written = parts.map { UInt64(32 - UInt32(truncatingIfNeeded: $0).leadingZeroBitCount) * (cluster / 32) }
        return Piece(offset: place, count: min(written ?? cluster, size > guest ? size - guest : 0))
    }
}
