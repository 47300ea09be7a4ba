/// Where a value came from.
package enum SettingsOrigin: Sendable, Hashable, CustomStringConvertible {
    case builtIn
    /// A line counted from 1; nil when the whole file is meant.
    case file(path: String, line: Int?)
    case environment(variable: String)
    /// `--set` on the command line.
    case flag

    package var description: String {
        switch self {
        case .builtIn: "default"
        case .file(let path, nil): path
        case .file(let path, let line?): "\(path):\(line)"
        case .environment(let variable): variable
        case .flag: "--set"
        }
    }
}

/// The origin of each key's value.
///
/// All are equal: where a value came from is no part of what a configuration says, so that a value moved from one file
/// to another is no change.
package struct SettingsOrigins: Sendable, Equatable {
    private var byName: [String: SettingsOrigin] = [:]

    package subscript(name: String) -> SettingsOrigin {
        get { byName[name] ?? .builtIn }
        set { byName[name] = newValue }
    }

    package static func == (left: Self, right: Self) -> Bool { true }
}
