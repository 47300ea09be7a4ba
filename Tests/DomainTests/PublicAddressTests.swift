import Domain
import Testing

struct PublicAddressTests {
    @Test(arguments: [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.0.1", "169.254.169.254", "172.16.0.1",
        "172.31.255.255", "192.0.0.8", "192.168.1.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::",
        "::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::a00:1", "fc00::1", "fd00:ec2::254",
        "fe80::1", "ff02::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "fec0::1",
    ])
    func `is none of this host, its neighbours or nobody`(text: String) throws {
        #expect(try !#require(ClientAddress(text)).isPublic)
    }

    @Test(arguments: [
        "1.1.1.1", "172.32.0.1", "100.128.0.1", "198.20.0.1", "::ffff:1.1.1.1", "2606:4700::1111", "2a00::1",
    ])
    func `is one that means the same everywhere`(text: String) throws {
        #expect(try #require(ClientAddress(text)).isPublic)
    }
}
