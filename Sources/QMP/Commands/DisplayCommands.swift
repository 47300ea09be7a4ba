/// Gives a name to the descriptor that came last with a byte on the monitor's socket (unix(7), SCM_RIGHTS).
package struct GetFD: QMPCommand {
    package typealias Reply = QMPEmpty
    package static let name = "getfd"

    package var name: String

    package init(name: String) {
        self.name = name
    }

    private enum CodingKeys: String, CodingKey {
        case name = "fdname"
    }
}

/// Lets the VNC server listen at a socket that has come as a descriptor, and at no other one. From QEMU 7.1 on.
package struct DisplayUpdate: QMPCommand {
    private struct Address: Encodable {
        var type = "fd"
        var str: String
    }

    package typealias Reply = QMPEmpty
    package static let name = "display-update"

    private let type = "vnc"
    private let addresses: [Address]

    /// - Parameter descriptor: Its name (`GetFD`).
    package init(descriptor: String) {
        addresses = [Address(str: descriptor)]
    }

    private enum CodingKeys: String, CodingKey {
        case type, addresses
    }
}

/// Writes a picture of the screen to a file on QEMU's side.
package struct Screendump: QMPCommand {
    package enum Format: String, Encodable, Sendable {
        case ppm
        /// From QEMU 7.1 on, where it is built with libpng.
        case png
    }

    package typealias Reply = QMPEmpty
    package static let name = "screendump"

    /// QEMU's process must be allowed to write it. An existing file is overwritten.
    package var filename: String
    package var format: Format

    package init(filename: String, format: Format = .png) {
        self.filename = filename
        self.format = format
    }
}

/// Presses keys together and releases them, as on a keyboard.
package struct SendKey: QMPCommand {
    package typealias Reply = QMPEmpty
    package static let name = "send-key"

    /// QEMU's key names (`QKeyCode`): "ctrl", "alt", "delete", "a".
    package var keys: [String]

    package init(keys: [String]) {
        self.keys = keys
    }

    package func encode(to encoder: any Encoder) throws {
        var arguments = encoder.container(keyedBy: CodingKeys.self)
        try arguments.encode(keys.map { Key(data: $0) }, forKey: .keys)
    }

    private enum CodingKeys: String, CodingKey { case keys }

    private struct Key: Encodable {
        var type = "qcode"
        var data: String
    }
}

/// Keeps the descriptor that came last with a byte on the monitor's socket as the file `/dev/fdset/<set>`.
package struct AddFD: QMPCommand {
    package struct Reply: Decodable, Sendable, Hashable {
        package var fd: Int
    }

    package static let name = "add-fd"
    private let set: Int

    package init(set: Int) {
        self.set = set
    }

    private enum CodingKeys: String, CodingKey { case set = "fdset-id" }
}

/// Forgets it.
package struct RemoveFD: QMPCommand {
    package typealias Reply = QMPEmpty
    package static let name = "remove-fd"
    private let set: Int

    package init(set: Int) {
        self.set = set
    }

    private enum CodingKeys: String, CodingKey { case set = "fdset-id" }
}
