/// One thing that is wrong with the configuration. It never holds a password.
package struct SettingsError: Error, Sendable, Hashable, CustomStringConvertible {
    package var origin: SettingsOrigin
    /// The dotted name; empty when it concerns a file as a whole.
    package var key: String
    /// Completes "found ...".
    package var found: String
    /// Completes "expected ...".
    package var expected: String
    /// The way out, where it is known.
    package var advice: String?

    package init(origin: SettingsOrigin, key: String, found: String, expected: String, advice: String? = nil) {
        self.origin = origin
        self.key = key
        self.found = found
        self.expected = expected
        self.advice = advice
    }

    /// One line: place, key, what was found, what is expected.
    package var description: String {
        let place = key.isEmpty ? "\(origin)" : "\(origin): \(key)"
        return "\(place): found \(found), expected \(expected)" + (advice.map { "; \($0)" } ?? "")
    }
}

/// All that is wrong with the configuration, in the order of the layers and lines.
package struct SettingsErrors: Error, Sendable, Equatable, CustomStringConvertible {
    package var all: [SettingsError]

    package init(_ all: [SettingsError]) { self.all = all }

    /// One line an error.
    package var description: String { all.map(\.description).joined(separator: "\n") }
}

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
