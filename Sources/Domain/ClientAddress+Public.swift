extension ClientAddress {
    /// Those that mean something else here than elsewhere: this host, its neighbours, nobody (IANA's registries of special-purpose
    /// addresses, RFC 6890).
    private static let special = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/3",
        // Teredo and 6to4, which stand for addresses of IPv4, are among them.
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    ].compactMap { IPNetwork($0) }
    /// All others of IPv6 are of links, sites, groups or nobody, or stand for addresses of IPv4.
    private static let global = IPNetwork("2000::/3")

    /// Whether it is one of the Internet's, the same from everywhere.
    package var isPublic: Bool {
        guard bytes.count == 4 || Self.global?.contains(self) == true else { return false }
        return !Self.special.contains { $0.contains(self) }
    }
}
