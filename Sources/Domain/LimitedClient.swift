/// Whom the limits of one person count.
///
/// Where people sign in that is the person. Where nobody does, a name proves nothing: live sessions are counted by browser,
/// and what floods a queue, sessions that wait and are made in a minute, by address.
package enum LimitedClient: Sendable, Hashable {
    case person(PersonName)
    /// A browser that shows a cookie of ours again.
    /// - Parameters:
    ///   - digest: Of the cookie, which itself is stored nowhere.
    ///   - address: As ``ClientAddress/throttleKey`` has it.
    case browser(digest: String, address: String)
    /// A client that keeps no cookies.
    case address(String)

    /// Whose live sessions are counted, as a part of a key: the name stands last, so no two are the same.
    package var holder: String {
        switch self {
        case .person(let name): "person:\(name.text)"
        case .browser(let digest, _): "browser:\(digest)"
        // Without those that browsers there hold.
        case .address(let address): "bare:\(address)"
        }
    }

    /// By whom waiting sessions and new ones are counted.
    package var asker: String {
        switch self {
        case .person: holder
        case .browser(_, let address), .address(let address): "address:\(address)"
        }
    }

    /// Whether a limit counts everybody behind an address, who need not be one person.
    package func isAddress(for resource: LimitExceeded.Resource) -> Bool {
        switch self {
        case .person: false
        case .browser: [.waitingOwn, .rate].contains(resource)
        case .address: resource != .waiting
        }
    }
}
