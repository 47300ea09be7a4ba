package import Domain

extension Settings {
    /// Boot scripts: what runs in guests when their systems are up.
    package struct Scripts: Sendable, Equatable {
        package var always: [BootScriptRule] = []
        package var fromForm: [String] = []
        package var paths: [String] = []
        package var urls: [String] = []
        package var passwordSymbol = false
        package var maxLength = 65_535

        static let keys: [SettingsKey] = [
            SettingsKey(
                "scripts.always", \.scripts.always, .list(of: .bootScript),
                "Boot scripts of all sessions, in their order, or of those for which a condition holds."),
            SettingsKey(
                "scripts.from_form", \.scripts.fromForm, .list(of: .text),
                "People and groups who may give a boot script of their own in the form. `[\"*\"]`: everybody who is signed in. Empty: nobody."
            ),
            SettingsKey(
                "scripts.paths", \.scripts.paths, .list(of: .absolutePath),
                "Files, or directories of files, on workers' hosts that people may name as their boot script."),
            SettingsKey(
                "scripts.urls", \.scripts.urls, .list(of: .webURL),
                "Addresses of HTTP or HTTPS below which people may name a boot script. Only public addresses are asked."
            ),
            SettingsKey(
                "scripts.password_symbol", \.scripts.passwordSymbol, .boolean,
                "Whether the form asks for a password that stands for `@PW@` in boot scripts."),
            SettingsKey(
                "scripts.max_length", \.scripts.maxLength, .integer(1...65_535), "Bytes of one boot script at most."),
        ]
    }
}

extension ValueFormat where Value == BootScriptRule {
    /// On one line: what is longer is a file.
    static var bootScript: Self {
        .scalar(
            "`exec: COMMANDS`, `bash: COMMANDS`, `cmd: COMMANDS` (Windows), a file's path, an address of HTTP or HTTPS, `qemu: OPTIONS` or `virt-customize: COMMANDS`, behind `if(user=NAME,NAME; group!=NAME; machine=NAME):` if it is not for all",
            parse: { $0.hasControlCharacter ? nil : BootScriptRule(written: $0) }, write: \.written.yamlText)
    }
}
