/// What the machine does at this moment.
package struct QueryStatus: QMPCommand {
    package struct Reply: Decodable, Sendable, Hashable {
        package var state: QMPRunState
        package var running: Bool

        private enum CodingKeys: String, CodingKey {
            case state = "status"
            case running
        }
    }

    package static let name = "query-status"
    package init() {}
}

/// Lets the virtual CPUs run.
package struct Continue: QMPCommand {
    package typealias Reply = QMPEmpty
    package static let name = "cont"
    package init() {}
}

/// Halts the virtual CPUs, until `Continue`.
package struct Stop: QMPCommand {
    package typealias Reply = QMPEmpty
    package static let name = "stop"
    package init() {}
}

/// Presses the ACPI power button. The reply says nothing of whether the guest obeys.
package struct SystemPowerdown: QMPCommand {
    package typealias Reply = QMPEmpty
    package static let name = "system_powerdown"
    package init() {}
}

/// Ends QEMU at once, whatever the guest does.
package struct Quit: QMPCommand {
    package typealias Reply = QMPEmpty
    package static let name = "quit"
    package static let endsConnection = true
    package init() {}
}

/// The machine's `-name`.
package struct QueryName: QMPCommand {
    package struct Reply: Decodable, Sendable, Hashable {
        package var name: String?
    }

    package static let name = "query-name"
    package init() {}
}

/// Takes what is in a character device of the kind `ringbuf`.
package struct RingBufferRead: QMPCommand {
    package struct Reply: Decodable, Sendable, Hashable {
        package var text: String

        package init(from decoder: any Decoder) throws {
            text = try decoder.singleValueContainer().decode(String.self)
        }
    }

    package static let name = "ringbuf-read"
    private let device: String
    private let size: Int

    /// - Parameter size: Most bytes that are taken.
    package init(device: String, size: Int) {
        self.device = device
        self.size = size
    }
}

/// The character devices, and whether somebody in the guest has each open.
package struct QueryCharacterDevices: QMPCommand {
    package struct Device: Decodable, Sendable, Hashable {
        package var label: String
        package var isOpenInGuest: Bool

        private enum CodingKeys: String, CodingKey {
            case label
            case isOpenInGuest = "frontend-open"
        }
    }

    package typealias Reply = [Device]
    package static let name = "query-chardev"
    package init() {}
}
