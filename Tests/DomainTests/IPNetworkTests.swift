import Domain
import Testing

struct IPNetworkTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("127.0.0.1/32", "127.0.0.1"), ("10.0.0.0/8", "10.0.0.0/8"),
        ("192.168.4.0/22", "192.168.4.0/22"), ("0.0.0.0/0", "0.0.0.0/0"), ("::1", "::1"), ("FD00:0::/8", "fd00::/8"),
        ("2001:db8::/33", "2001:db8::/33"),
    ])
    func `an address or a network has one way to be written`(text: String, written: String) {
        #expect(IPNetwork(text)?.description == written)
        #expect(IPNetwork(written) == IPNetwork(text))
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.1/8",
        "192.168.5.0/22", "10.0.0", "010.0.0.0", "256.0.0.0", "localhost", "fd00::/129", "fd00::1/8", "[::1]",
        "fe80::1%eth0", "::ffff:10.0.0.1", "::ffff:10.0.0.0/104", " 10.0.0.1", "10.0.0.0 /8",
    ])
    func `what is no network is refused`(text: String) {
        #expect(IPNetwork(text) == nil)
    }

    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("127.0.0.1", "::ffff:127.0.0.1"), ("10.0.0.0/8", "10.255.255.255"),
        ("192.168.4.0/22", "192.168.7.255"), ("0.0.0.0/0", "203.0.113.9"), ("::1", "::1"), ("::1", "0:0:0:0:0:0:0:1"),
        ("fd00::/8", "fdff::1"), ("::/0", "fd00::1"),
    ])
    func `an address belongs to its network`(network: String, address: String) throws {
        #expect(try #require(IPNetwork(network)).contains(address))
    }

    @Test(arguments: [
        ("127.0.0.1", "127.0.0.2"), ("10.0.0.0/8", "11.0.0.0"), ("192.168.4.0/22", "192.168.8.0"),
        ("0.0.0.0/0", "fd00::1"), ("::/0", "127.0.0.1"), ("::/0", "::ffff:127.0.0.1"), ("fd00::/8", "fe00::1"),
        ("0.0.0.0/0", ""), ("0.0.0.0/0", "10.0.0.1, 10.0.0.2"), ("::/0", "fe80::1%eth0"), ("0.0.0.0/0", "unix"),
    ])
    func `no other address does`(network: String, address: String) throws {
        #expect(try !#require(IPNetwork(network)).contains(address))
    }
}
