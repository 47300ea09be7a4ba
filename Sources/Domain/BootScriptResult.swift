/// What came of a boot script in its guest.
package struct BootScriptResult: Sendable, Hashable {
    /// Which one, from 1.
    package var number: Int
    /// How many there are.
    package var count: Int
    /// Its exit code.
    package var code: Int
    /// The last line that it wrote, in printable characters.
    package var lastLine: String

    package init(number: Int, count: Int, code: Int, lastLine: String) {
        self.number = number
        self.count = count
        self.code = code
        self.lastLine = lastLine
    }

    /// How the script's report begins, on the serial console.
    package static let mark = "qwd-script"

    /// Reads a line of the console; nil for any other. A guest may write what it likes there, so this says no more than that it did.
    package init?(line: some StringProtocol) {
        let words = line.split(separator: " ", maxSplits: 4, omittingEmptySubsequences: true)
        guard words.count >= 4, words[0] == Self.mark, let code = Int(words[2]), (0...255).contains(code),
            words[3] == ":"
        else { return nil }
        let numbers = words[1].split(separator: "/").compactMap { Int($0) }
        guard numbers.count == 2, (1...64).contains(numbers[1]), (1...numbers[1]).contains(numbers[0]) else {
            return nil
        }
        (number, count) = (numbers[0], numbers[1])
        self.code = code
        lastLine = words.count > 4 ? String(words[4].prefix(200)).trimmed : ""
    }

    /// As a field of the session has it, and as `init(line:)` reads it.
    package var text: String { "\(Self.mark) \(number)/\(count) \(code) : \(lastLine)" }
}
