import Settings

extension Duration {
    /// The value of an option, written as in the configuration.
    /// - Parameter option: Its name, for the message: `--wait`.
    init(_ text: String, option: String) throws {
        guard let duration = Duration(configurationText: text) else {
            throw Failure(.usage, "\(option): '\(text)' is no duration such as 90s, 30m, 12h or 4d.")
        }
        self = duration
    }
}
