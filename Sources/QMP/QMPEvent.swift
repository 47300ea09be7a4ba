/// Something QEMU reports without being asked.
package enum QMPEvent: Sendable, Hashable {
    /// The machine has shut down. The reason is QEMU's word: "guest-shutdown", "host-qmp-quit", "host-signal", ...
    case shutdown(guest: Bool, reason: String)
    /// The guest was asked to power off.
    case powerdown
    case reset
    /// The virtual CPUs stand still. `QueryStatus` tells why.
    case stop
    case resume
    case guestPanicked
    /// The other end of a stream network device, passt for one, is gone.
    case netdevStreamDisconnected(id: String)
    /// A program in the guest has opened or closed its end of a virtio serial port.
    case serialPortChanged(id: String, open: Bool)
    case blockIOError(device: String, noSpace: Bool, reason: String)
    /// Any event not listed above.
    case other(name: String)
}

extension QMPEvent {
    /// The fields of any event's `data` that a case above keeps.
    ///
    /// QEMU adds and drops fields between versions, and a missing word is no reason to lose a connection: each field is
    /// read for itself and left out when it is absent or of another type.
    struct Fields: Decodable {
        var guest: Bool?
        var reason: String?
        var device: String?
        var noSpace: Bool?
        var netdev: String?
        var id: String?
        var open: Bool?

        init(from decoder: any Decoder) throws {
            guard let fields = try? decoder.container(keyedBy: Key.self) else { return }
            // A field of an unexpected type counts as absent, see above.
            guest = try? fields.decode(Bool.self, forKey: .guest)
            reason = try? fields.decode(String.self, forKey: .reason)
            device = try? fields.decode(String.self, forKey: .device)
            noSpace = try? fields.decode(Bool.self, forKey: .noSpace)
            id = try? fields.decode(String.self, forKey: .id)
            open = try? fields.decode(Bool.self, forKey: .open)
            netdev = try? fields.decode(String.self, forKey: .netdev)
        }

        private enum Key: String, CodingKey {
            case guest, reason, device, id, open
            case noSpace = "nospace"
            case netdev = "netdev-id"
        }
    }

    init(name: String, fields: Fields?) {
        switch name {
        case "SHUTDOWN":
            self = .shutdown(guest: fields?.guest ?? false, reason: fields?.reason ?? "")
        case "POWERDOWN": self = .powerdown
        case "RESET": self = .reset
        case "STOP": self = .stop
        case "RESUME": self = .resume
        case "GUEST_PANICKED": self = .guestPanicked
        case "NETDEV_STREAM_DISCONNECTED":
            self = .netdevStreamDisconnected(id: fields?.netdev ?? "")
        case "VSERPORT_CHANGE":
            self = .serialPortChanged(id: fields?.id ?? "", open: fields?.open ?? false)
        case "BLOCK_IO_ERROR":
            self = .blockIOError(
                device: fields?.device ?? "", noSpace: fields?.noSpace ?? false, reason: fields?.reason ?? "")
        default:
            self = .other(name: name)
        }
    }
}
