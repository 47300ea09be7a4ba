import Foundation
import Logging
import Settings

/// Sets up logging on standard error, as the configuration says.
enum Logs {
    static func logger(_ settings: Settings) -> Logger {
        let level = Logger.Level(rawValue: settings.log.level.rawValue) ?? .notice
        let format = settings.log.format
        LoggingSystem.bootstrap { label in
            switch format {
            case .text:
                var handler = StreamLogHandler.standardError(label: label)
                handler.logLevel = level
                return handler
            case .json: return JSONLogHandler(label: label, logLevel: level)
            }
        }
        return Logger(label: "qwd")
    }
}

/// One JSON object a line, for programs that collect logs.
struct JSONLogHandler: LogHandler {
    let label: String
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    init(label: String, logLevel: Logger.Level) {
        self.label = label
        self.logLevel = logLevel
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields: [String: String] = [
            "time": Date().ISO8601Format(.iso8601(timeZone: .gmt, includingFractionalSeconds: true)),
            "level": event.level.rawValue, "message": event.message.description,
        ]
        for (key, value) in metadata { fields[key] = value.description }
        for (key, value) in event.metadata ?? [:] { fields[key] = value.description }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Strings always have a JSON form.
        guard let line = try? encoder.encode(fields) else { return }
        // A service goes on when nobody takes its log any more.
        try? FileHandle.standardError.write(contentsOf: line + Data("\n".utf8))
    }
}
