/// What is kept free of the disk that guests fill, so that whatever is needed to end a session still finds room there.
///
/// With little room left the guests stand still. Should one have been faster, the service's own Redis gives up its ballast: that
/// is room for the record, and too little for the guests to go on.
package struct DiskReserve: Sendable, Hashable {
    /// Guests stand still while less than this is free, in bytes: a quarter of what new sessions leave alone, and never more
    /// than a twentieth of the disk.
    package var pause: Int
    /// They go on when so much is free.
    package var goOn: Int { 2 * pause }
    /// What Redis keeps beside its data to give up: half of the first, so that it is never enough for the second.
    package var ballast: Int { min(pause / 2, 64 << 20) }

    /// - Parameters:
    ///   - total: Size of the file system in bytes.
    ///   - reserveMiB: `worker.disk_reserve_gib`; 0 for none.
    package init(total: Int, reserveMiB: Int) {
        let wanted = reserveMiB > 0 ? reserveMiB << 18 : 512 << 20
        pause = min(wanted, total / 20)
    }
}
