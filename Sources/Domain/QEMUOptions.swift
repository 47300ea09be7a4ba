/// More options for a machine's QEMU, as an administrator writes them: `-device usb-host,vendorid=0x1234 -rtc "base=2020-01-01"`.
/// They become words of its command line as they are; no shell sees them.
package struct QEMUOptions: Sendable, Hashable {
    package let words: [String]

    /// What would take QEMU out of its worker's hands, or out of what it is shut in by.
    private static let refused: Set<String> = [
        "sandbox", "daemonize", "runas", "chroot", "run-with", "pidfile", "incoming", "S", "name", "qmp", "qmp-pretty",
        "readconfig", "no-shutdown", "h", "help", "version", "action", "loadvm", "preconfig", "qtest", "qtest-log",
    ]

    /// Why a text is none.
    package enum Problem: Error, Sendable, Hashable, CustomStringConvertible {
        case openQuote
        case noOption(String)
        case refused(String)

        package var description: String {
            switch self {
            case .openQuote: "a quote in it does not end"
            case .noOption(let word): "“\(word)” is no option of QEMU: the first word begins with -"
            case .refused(let option): "\(option) is qwd's own"
            }
        }
    }

    /// - Parameter text: Words, as `CommandWords` splits them.
    package init(written text: String) throws(Problem) {
        guard let words = CommandWords.split(text) else { throw .openQuote }
        guard words.first?.hasPrefix("-") == true else { throw .noOption(words.first ?? "") }
        for word in words where word.hasPrefix("-") {
            // QEMU takes two hyphens for one.
            if Self.refused.contains(String(word.drop { $0 == "-" })) { throw .refused(word) }
        }
        self.words = words
    }
}
