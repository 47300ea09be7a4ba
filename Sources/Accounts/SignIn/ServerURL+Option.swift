import Domain

extension ServerURL {
    /// - Parameter option: Name of the option, for the error.
    /// - Throws: `AccountsError` `.badConfiguration`, also for an empty host: some libraries take that for this machine.
    init(_ url: String, schemes: [String], option: String) throws(AccountsError) {
        let wanted = schemes.map { "\($0)://host" }.joined(separator: " or ")
        guard !url.isEmpty else {
            throw AccountsError(.badConfiguration, "\(option) is empty; it should be \(wanted).")
        }
        guard let address = Self(url, schemes: schemes) else {
            // A text that is no address may have a password in it, so it is not repeated.
            throw AccountsError(.badConfiguration, "\(option) should be \(wanted), with nothing but a port behind it.")
        }
        self = address
    }
}
