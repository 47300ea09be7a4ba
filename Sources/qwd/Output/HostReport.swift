import Domain

/// A host as the command line shows it.
struct HostReport: Encodable {
    var id: String
    var name: String
    var alive: Bool
    var draining: Bool
    var sessions: Int
    var cpus: Int
    var cpuCapacity: Int
    var cpusReserved: Int
    var memoryMib: Int
    var memoryCapacityMib: Int
    var memoryReservedMib: Int
    var memoryAvailableMib: Int
    var diskFreeMib: Int
    var load1: Double
    var cpuBusy: Double
    var accelerator: String
    var notice: String
    var seenAt: String?

    init(_ host: Host) {
        id = host.id
        name = host.name
        alive = host.alive
        draining = host.draining
        sessions = host.sessions
        cpus = host.status.cpus
        cpuCapacity = host.status.capacity.cpu
        cpusReserved = host.reserved.cpu
        memoryMib = host.status.memoryMiB
        memoryCapacityMib = host.status.capacity.memoryMiB
        memoryReservedMib = host.reserved.memoryMiB
        memoryAvailableMib = host.status.memoryAvailableMiB
        diskFreeMib = host.status.diskFreeMiB
        load1 = host.status.load1
        cpuBusy = host.status.cpuBusy
        accelerator = host.status.accelerator
        notice = host.status.notice
        seenAt = Moment.iso(host.seenAt)
    }

    static func table(_ hosts: [Host]) -> Table {
        Table(
            headings: ["HOST", "STATE", "SESSIONS", "CPU", "MEMORY", "DISK FREE", "LOAD", "BUSY", "ACCELERATOR"],
            rows: hosts.map { host in
                [
                    host.name, host.alive ? (host.draining ? "draining" : "alive") : "silent", "\(host.sessions)",
                    "\(host.reserved.cpu)/\(host.status.capacity.cpu)",
                    "\(host.reserved.memoryMiB)/\(host.status.capacity.memoryMiB) MiB",
                    "\(host.status.diskFreeMiB) MiB",
                    "\(host.status.load1)", "\(Int(host.status.cpuBusy * 100)) %", host.status.accelerator,
                ]
            })
    }
}
