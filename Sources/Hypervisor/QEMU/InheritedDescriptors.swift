import Catalogue
import Machines
import Processes

/// What QEMU inherits, in the order of its descriptors from 3 on. It opens nothing of the host by name but the system's own
/// firmware: what it may use it is given. Descriptor 0 is the listening socket of its machine protocol: the worker is connected
/// to it before QEMU even runs, so it waits for nothing and sees at once if QEMU ends.
struct InheritedDescriptors: Sendable {
    enum Door: Sendable, Hashable {
        /// The session's disk.
        case overlay(MachineShape.DiskContent.Place)
        /// The machine's own image, for a session that writes to it.
        case master
        /// A file of the catalogue, read-only.
        case image(MachineShape.DiskContent.Place)
        case monitor, network, console, agent
        /// UEFI's memory of its settings.
        case variables
        /// The way to the process that is its trusted platform module.
        case tpm
        /// The way to the file server of a folder, by its place among the folders.
        case folder(Int)
    }

    let doors: [Door]

    init(_ shape: MachineShape) {
        let master = shape.contents.contains { if case .master = $0 { true } else { false } }
        var doors: [Door] = [master ? .master : .overlay(.own), .monitor, .network]
        if !master { doors.append(.image(.own)) }
        doors += [.console, .agent]
        for content in shape.contents {
            switch content {
            case .master: break
            case .image(let number, _): doors.append(.image(number))
            case .overlay(let number, let format):
                doors.append(.overlay(number))
                if format != nil { doors.append(.image(number)) }
            }
        }
        if shape.uefi != nil { doors.append(.variables) }
        if shape.devices.contains(.tpm) { doors.append(.tpm) }
        doors += shape.folders.indices.map { .folder($0) }
        var seen: Set<Door> = []
        self.doors = doors.filter { seen.insert($0).inserted }
    }

    func number(of door: Door) -> Int {
        3 + (doors.firstIndex(of: door) ?? doors.count)
    }

    /// QEMU's option for a socket that it listens at.
    func socket(_ name: String, _ descriptor: Int) -> String {
        "socket,id=\(name),fd=\(descriptor),server=on,wait=off"
    }

    /// Opens them all.
    /// - Parameters:
    ///   - tpm, folders: The ends of the connections that are QEMU's.
    func open(
        _ machine: Machine, paths: SessionPaths, tpm: Descriptor?, folders: [Descriptor]
    ) throws(ProcessError) -> [Descriptor] {
        var opened: [Descriptor] = []
        for door in doors {
            switch door {
            case .overlay(let place): opened.append(try Files.open(paths.overlay(place.rawValue), writable: true))
            case .master: opened.append(try Files.open(machine.path, writable: true))
            case .image(let place):
                let path =
                    switch place {
                    case .own: machine.path
                    case .disk2: machine.disk2?.path
                    case .cdrom: machine.cdroms.first?.path
                    case .cdrom2: machine.cdroms.dropFirst().first?.path
                    }
                opened.append(try Files.open(path ?? machine.path, writable: false))
            case .monitor: opened.append(try UnixSocket.listen(at: paths.monitor))
            case .network:
                opened.append(
                    machine.hardware.networkCard != .none
                        ? try UnixSocket.listen(at: paths.network) : try Files.open("/dev/null", writable: false))
            case .console: opened.append(try UnixSocket.listen(at: paths.console))
            case .agent: opened.append(try UnixSocket.listen(at: paths.agent))
            case .variables: opened.append(try Files.open(paths.variables, writable: true))
            case .tpm: if let tpm { opened.append(tpm) }
            case .folder(let place): opened.append(folders[place])
            }
        }
        return opened
    }
}
