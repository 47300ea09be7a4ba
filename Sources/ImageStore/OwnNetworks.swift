package import Domain
import Glibc

/// The networks that this host's interfaces are in (getifaddrs(3)), with its own addresses: also public ones lead to what only this
/// host and its neighbours should reach.
package struct OwnNetworks: Sendable {
    private var networks: [IPNetwork] = []

    package init() {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return }
        defer { freeifaddrs(first) }
        var next = first
        while let interface = next?.pointee {
            next = interface.ifa_next
            guard let address = Self.bytes(interface.ifa_addr), let mask = Self.bytes(interface.ifa_netmask) else {
                continue
            }
            let length = mask.reduce(0) { $0 + $1.nonzeroBitCount }
            if let network = IPNetwork(bytes: address, prefixLength: length) { networks.append(network) }
        }
    }

    package func contain(_ address: ClientAddress) -> Bool { networks.contains { $0.contains(address) } }

    /// Of IPv4 (from the fourth byte on) or IPv6 (from the eighth).
    private static func bytes(_ address: UnsafeMutablePointer<sockaddr>?) -> [UInt8]? {
        guard let address else { return nil }
        let start = UnsafeRawPointer(address)
        switch CInt(address.pointee.sa_family) {
        case AF_INET: return Array(UnsafeRawBufferPointer(start: start + 4, count: 4))
        case AF_INET6: return Array(UnsafeRawBufferPointer(start: start + 8, count: 16))
        default: return nil
        }
    }
}
