/// QEMU's own word for what the machine does, `RunState` in its documentation.
package enum QMPRunState: Sendable, Hashable {
    case colo, debug, finishMigrate, guestPanicked, incomingMigration, internalError, ioError, paused, postMigrate
    case prelaunch, preconfig, restoring, running, saving, shutdown, suspended, watchdog
    /// A word that a newer QEMU may have.
    case unknown(String)

    /// The known states by QEMU's words.
    private static let states: [String: QMPRunState] = [
        "colo": .colo, "debug": .debug, "finish-migrate": .finishMigrate, "guest-panicked": .guestPanicked,
        "inmigrate": .incomingMigration, "internal-error": .internalError, "io-error": .ioError, "paused": .paused,
        "postmigrate": .postMigrate, "prelaunch": .prelaunch, "preconfig": .preconfig, "restore-vm": .restoring,
        "running": .running, "save-vm": .saving, "shutdown": .shutdown, "suspended": .suspended,
        "watchdog": .watchdog,
    ]

    package init(_ word: String) {
        self = Self.states[word] ?? .unknown(word)
    }
}

extension QMPRunState: Decodable {
    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }
}
