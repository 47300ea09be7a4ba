/// One key of the configuration: its name, the property it sets, and how its value is written.
package struct SettingsKey: Sendable {
    /// The dotted name, for example `worker.stop_grace`.
    package let name: String
    /// What it means, for the documentation.
    package let meaning: String
    /// What is accepted, in words that complete "expected ...".
    package let expected: String
    /// How the default is found when it is not a constant.
    let derivedDefault: String?

    let apply: @Sendable (RawValue, inout Settings) throws(Mismatches) -> Void
    let applyDerivedDefault: @Sendable (inout Settings, HostEnvironment) -> Void
    private let write: @Sendable (Settings, _ redacted: Bool) -> String

    /// A default that depends on other settings or on the host.
    struct Default<Value>: Sendable {
        var words: String
        var value: @Sendable (Settings, HostEnvironment) -> Value

        static func derived(
            _ words: String, _ value: @escaping @Sendable (Settings, HostEnvironment) -> Value
        ) -> Self { .init(words: words, value: value) }
    }

    /// - Parameter derived: Only for a default that is not the constant which the property starts with.
    init<Value: Sendable>(
        _ name: String, _ path: any WritableKeyPath<Settings, Value> & Sendable, _ format: ValueFormat<Value>,
        default derived: Default<Value>? = nil, _ meaning: String
    ) {
        self.name = name
        self.meaning = meaning
        expected = format.expected
        derivedDefault = derived?.words
        apply = { (raw, settings) throws(Mismatches) in settings[keyPath: path] = try format.read(raw) }
        applyDerivedDefault = { settings, hostEnvironment in
            if let derived { settings[keyPath: path] = derived.value(settings, hostEnvironment) }
        }
        write = { settings, redacted in
            let value = settings[keyPath: path]
            return redacted ? format.writeRedacted(value) : format.write(value)
        }
    }

    /// The section it stands in, for example `auth.ldap`; empty for a key outside of any.
    package var section: String { KeyName(name).section }

    /// The name within its section.
    package var leaf: String { KeyName(name).leaf }

    /// The environment variable that sets it, for example `QWD_AUTH_LDAP_START_TLS` for `auth.ldap.start_tls`.
    package var variable: String {
        SettingsSchema.variablePrefix + name.uppercased().map { $0 == "." ? "_" : String($0) }.joined()
    }

    /// The value as YAML on one line.
    /// - Parameter redacted: Whether a password in it is hidden.
    package func value(in settings: Settings, redacted: Bool = true) -> String { write(settings, redacted) }

    /// The default in Markdown: a constant as code, a derived one in words.
    package var defaultText: String { derivedDefault ?? "`\(value(in: Settings()))`" }

    /// The row of this key in `docs/configuration.md`.
    package var documentationRow: String {
        // A bar ends a cell, even within code.
        let cells = ["`\(name)`", defaultText, expected, meaning].map { $0.replacing("|", with: "\\|") }
        return "| " + cells.joined(separator: " | ") + " |"
    }
}
