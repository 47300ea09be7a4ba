import Foundation

/// Where a command's words go: data to standard output, messages to standard error.
enum Console {
    static func print(_ line: String) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
        } catch {
            // Whoever read has seen enough, as `head` does, or the disk behind it is full: there is nobody to tell more.
            exit(FailureCode.failed.rawValue)
        }
    }

    static func say(_ line: String) {
        // A message that nobody can get is no reason to end.
        try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
    }

    static func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
