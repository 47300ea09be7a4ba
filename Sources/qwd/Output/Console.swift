import Domain
import Foundation

/// Where a command's words go: data to standard output, messages to standard error. What a terminal might obey comes as its
/// number, because names, errors and descriptions are other people's.
enum Console {
    static func print(_ line: String) { write(line.printable(lines: true)) }

    private static func write(_ line: String) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
        } catch {
            // Whoever read has seen enough, as `head` does, or the disk behind it is full: there is nobody to tell more.
            exit(FailureCode.failed.rawValue)
        }
    }

    static func say(_ line: String) {
        // A message that nobody can get is no reason to end.
        try? FileHandle.standardError.write(contentsOf: Data((line.printable(lines: true) + "\n").utf8))
    }

    static func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        write(String(decoding: try encoder.encode(value), as: UTF8.self).printableJSON)
    }
}
