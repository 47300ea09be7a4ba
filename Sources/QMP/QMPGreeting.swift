/// What QEMU says of itself when a client connects.
package struct QMPGreeting: Decodable, Sendable, Hashable {
    package var major: Int
    package var minor: Int
    package var micro: Int
    /// The distribution's own version, "Debian 1:7.2+dfsg-7+deb12u18"; often empty.
    package var package: String
    package var capabilities: [String]

    /// "7.2.22"
    package var version: String { "\(major).\(minor).\(micro)" }

    package init(major: Int, minor: Int, micro: Int, package: String = "", capabilities: [String] = []) {
        self.major = major
        self.minor = minor
        self.micro = micro
        self.package = package
        self.capabilities = capabilities
    }

    package init(from decoder: any Decoder) throws {
        let greeting = try decoder.container(keyedBy: Key.self)
        let version = try greeting.nestedContainer(keyedBy: Key.self, forKey: .version)
        let qemu = try version.nestedContainer(keyedBy: Key.self, forKey: .qemu)
        self.init(
            major: try qemu.decode(Int.self, forKey: .major),
            minor: try qemu.decode(Int.self, forKey: .minor),
            micro: try qemu.decode(Int.self, forKey: .micro),
            package: try version.decodeIfPresent(String.self, forKey: .package) ?? "",
            capabilities: try greeting.decodeIfPresent([String].self, forKey: .capabilities) ?? [])
    }

    private enum Key: String, CodingKey {
        case version, qemu, major, minor, micro, package, capabilities
    }
}
