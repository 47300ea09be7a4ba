/// What virt-customize(1) does to a session's disk before its machine starts, as an administrator writes it:
/// `--hostname desk --run-command 'touch /var/tmp/was-here'`. It sees no file of the host and no network.
package struct DiskCommands: Sendable, Hashable {
    /// As virt-customize reads them from a file, one a line, so that no command line shows them.
    package let lines: [String]

    /// Commands that need nothing but the disk.
    private static let known: Set<String> = [
        "append-line", "chmod", "delete", "edit", "firstboot-command", "hostname", "link", "mkdir", "move", "password",
        "password-crypto", "root-password", "run-command", "scrub", "timezone", "touch", "truncate",
        "truncate-recursive", "write",
    ]

    /// Why a text is none.
    package enum Problem: Error, Sendable, Hashable, CustomStringConvertible {
        case openQuote
        case unknown(String)
        case noValue(String)

        package var description: String {
            switch self {
            case .openQuote: "a quote in it does not end"
            case .unknown(let word):
                "“\(word)” is none of \(DiskCommands.known.sorted().map { "--\($0)" }.joined(separator: " "))"
            case .noValue(let command): "--\(command) needs a value of one line"
            }
        }
    }

    /// - Parameter text: Words, as `CommandWords` splits them: `--command value` or `--command=value`.
    package init(written text: String) throws(Problem) {
        guard let words = CommandWords.split(text) else { throw .openQuote }
        var rest = words[...]
        var lines: [String] = []
        while let word = rest.popFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let command = String(parts[0].dropFirst(2))
            guard word.hasPrefix("--"), Self.known.contains(command) else { throw .unknown(word) }
            guard let value = parts.count > 1 ? parts[1] : rest.popFirst(), !value.isEmpty,
                !value.contains(where: \.isNewline), !value.utf8.contains(0), value.last != "\\"
            else { throw .noValue(command) }
            lines.append("\(command) \(value)")
        }
        guard !lines.isEmpty else { throw .unknown("") }
        self.lines = lines
    }
}
