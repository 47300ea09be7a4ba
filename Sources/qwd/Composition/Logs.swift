import Logging
import Settings

/// Sets up logging on standard error, as the configuration says.
enum Logs {
    static func logger(_ settings: Settings) -> Logger {
        let level = Logger.Level(rawValue: settings.log.level.rawValue) ?? .notice
        let format = settings.log.format
        LoggingSystem.bootstrap { label in
            switch format {
            case .text: return LineLogHandler(label: label, logLevel: level, format: .text)
            case .json: return LineLogHandler(label: label, logLevel: level, format: .json)
            }
        }
        return Logger(label: "qwd")
    }
}
