import Domain
import Foundation
import Logging

/// Writes each message as one line to standard error, whatever is in it.
struct LineLogHandler: LogHandler {
    enum Format {
        /// `time level label: message key=value`, for people. A value that could be mistaken for something else is quoted.
        case text
        /// One JSON object, for programs that collect logs.
        case json
    }

    let label: String
    var logLevel: Logger.Level
    let format: Format
    var metadata: Logger.Metadata = [:]

    init(label: String, logLevel: Logger.Level, format: Format) {
        self.label = label
        self.logLevel = logLevel
        self.format = format
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues(\.description)
        if let error = event.error { fields["error"] = "\(error)" }
        let time = Date().ISO8601Format(.iso8601(timeZone: .gmt, includingFractionalSeconds: true))
        let line: String
        switch format {
        case .text:
            let words = fields.sorted { $0.key < $1.key }.map { " \($0.key.logText())=\($0.value.logText())" }
            line = "\(time) \(event.level) \(label): \(event.message.description.logText(words: true))\(words.joined())"
        case .json:
            fields["time"] = time
            fields["level"] = event.level.rawValue
            fields["message"] = event.message.description
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            // Strings always have a JSON form.
            guard let data = try? encoder.encode(fields) else { return }
            line = String(decoding: data, as: UTF8.self).printableJSON
        }
        // A service goes on when nobody takes its log any more.
        try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
    }
}
