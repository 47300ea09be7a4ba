import Domain

/// The names by which this service may be asked.
///
/// A page of another site can have its own name point at our address (DNS rebinding); its script is then of one origin with
/// us for the browser, and only the `Host` tells. It can't be an address, nor `localhost`, nor a name of ours.
struct KnownHosts: Sendable {
    private let publicAddress: SiteURL
    private let listenHost: Authority.Host?
    private let listenPort: Int

    init(publicAddress: SiteURL, listenHost: String, listenPort: Int) {
        self.publicAddress = publicAddress
        self.listenHost = Authority(listenHost)?.host
        self.listenPort = listenPort
    }

    func contains(_ authority: Authority) -> Bool {
        if case .address = authority.host { return true }
        if authority.host == .name("localhost") || authority.host == listenHost { return true }
        guard let known = publicAddress.authority, known.host == authority.host else { return false }
        // A proxy may pass the name with the port of the outside, with ours, or with none.
        guard let port = authority.port else { return true }
        return [80, 443, known.port, listenPort].contains(port)
    }
}
