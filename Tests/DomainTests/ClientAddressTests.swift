import Domain
import Testing

struct ClientAddressTests {
    @Test(arguments: [
        ("192.0.2.7", "192.0.2.7"), ("0.0.0.0", "0.0.0.0"), ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::FFFF:c000:207", "192.0.2.7"), ("0:0:0:0:0:ffff:192.0.2.7", "192.0.2.7"),
        ("2001:DB8:0:0:0:0:0:5", "2001:db8::5"), ("2001:0db8::0005", "2001:db8::5"), ("::1", "::1"), ("::", "::"),
        ("fe80::1%eth0", "fe80::1%eth0"), ("FE80:0::1%br-lan.7", "fe80::1%br-lan.7"),
    ])
    func `an address has one spelling`(text: String, written: String) throws {
        let address = try #require(ClientAddress(text))
        #expect(address.description == written)
        #expect(ClientAddress(written) == address)
    }

    @Test(arguments: [
        "", " ", "unknown", "_hidden", "localhost", "192.0.2", "192.0.2.7.", ".192.0.2.7", "192.0.2.07", "0300.0.2.7",
        "0x7f.1", "0x7f.0.0.1", "127.1", "2130706433", "192.0.2.256", "192.0.2.-1", "192.0.2.7 ", " 192.0.2.7",
        "192.0.2.7\u{0}", "192.0.2.7\u{0}.example", "192.0.2.7\n", "192.0.2.7/32", "192.0.2.7%eth0", "192.0.2.7:80",
        "١٩٢.0.2.7", "192.0.2.7\u{301}", "[::1]", "::1]", "2001:db8:::5", "2001:db8::5::", "12345::", "2001:db8::g",
        "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7", "::ffff:192.0.2.07", "fe80::1%", "fe80::1%a b", "fe80::1%a%b",
        "fe80::1%abcdefghijklmnop", "unix:", "203.0.113.9,203.0.113.10",
    ])
    func `what is no address is none`(text: String) {
        #expect(ClientAddress(text) == nil)
    }

    @Test(arguments: [
        ("192.0.2.7", "192.0.2.7"), ("192.0.2.7:1", "192.0.2.7"), ("192.0.2.7:65535", "192.0.2.7"),
        ("2001:db8::5", "2001:db8::5"), ("[2001:db8::5]", "2001:db8::5"), ("[2001:DB8::5]:443", "2001:db8::5"),
        ("[::ffff:192.0.2.7]:443", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"),
        ("[fe80::1%eth0]:80", "fe80::1%eth0"),
    ])
    func `a hop may have a port`(text: String, written: String) {
        #expect(ClientAddress(hop: text)?.description == written)
    }

    @Test(arguments: [
        "", ":", ":80", "192.0.2.7:", "192.0.2.7:65536", "192.0.2.7:123456", "192.0.2.7:-1", "192.0.2.7:+1",
        "192.0.2.7:8a", "192.0.2.7:_x", "[192.0.2.7]", "[192.0.2.7]:80", "[2001:db8::5", "2001:db8::5]", "[]", "[]:80",
        "[2001:db8::5]443", "[2001:db8::5]:", "[2001:db8::5]:65536", "[[2001:db8::5]]", "\"[2001:db8::5]:443\"",
        "unknown", "unknown:80", "_hidden", "_hidden:80", "for=192.0.2.7", "1:2:3:4:5:6:7:8:443", "0x7f.1:80",
        "192.0.2.07:80", "192.0. 2.7", String(repeating: "1", count: 100_000), String(repeating: "[", count: 100_000),
    ])
    func `a hop that can't be read is nobody`(text: String) {
        #expect(ClientAddress(hop: text) == nil)
    }

    @Test func `an IPv4 address is counted alone and an IPv6 one with its network`() throws {
        func key(_ text: String) throws -> String { try #require(ClientAddress(text)).throttleKey }
        #expect(try key("192.0.2.7") == "192.0.2.7")
        #expect(try key("::ffff:192.0.2.7") == "192.0.2.7")
        #expect(try key("192.0.2.8") != key("192.0.2.7"))
        #expect(try key("2001:db8:1:2::5") == "2001:db8:1:2::/64")
        #expect(try key("2001:db8:1:2:ffff:ffff:ffff:ffff") == key("2001:0DB8:1:2::"))
        #expect(try key("2001:db8:1:3::5") != key("2001:db8:1:2::5"))
        #expect(try key("fe80::1%eth0") == key("fe80::2%eth1"))
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.255.0.9", true), ("::ffff:127.0.0.1", true), ("::1", true), ("128.0.0.1", false),
        ("::2", false), ("::", false), ("0.0.0.0", false), ("2001:db8::1", false),
    ])
    func `loopback is this machine`(text: String, isLoopback: Bool) {
        #expect(ClientAddress(text)?.isLoopback == isLoopback)
    }

    @Test(arguments: [
        // Without a proxy of ours at the other end nothing is believed.
        ("198.51.100.1", ["203.0.113.9"], "198.51.100.1"), ("198.51.100.1", ["10.0.0.1"], "198.51.100.1"),
        // Nothing is said.
        ("10.0.0.1", [], "10.0.0.1"), ("10.0.0.1", [""], "10.0.0.1"), ("10.0.0.1", [" , ,, "], "10.0.0.1"),
        // The first hop from the end that is no proxy.
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"), ("10.0.0.1", ["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1,203.0.113.9 , 10.0.0.2,\t10.0.0.3"], "203.0.113.9"),
        ("::ffff:10.0.0.1", ["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1", "203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9", "10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9", "::ffff:10.0.0.2"], "203.0.113.9"),
        // However it is spelled.
        ("10.0.0.1", ["1.1.1.1, 203.0.113.9:40001"], "203.0.113.9"),
        ("10.0.0.1", ["1.1.1.1, [2001:db8::5]:443"], "2001:db8::5"), ("10.0.0.1", ["2001:DB8::0005"], "2001:db8::5"),
        ("10.0.0.1", ["1.1.1.1, ::ffff:203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9, 10.0.0.2:77, [fd00::2]:77"], "203.0.113.9"),
        // What can't be read counts as the proxy that wrote it, never as what stands before.
        ("10.0.0.1", ["1.1.1.1, unknown"], "10.0.0.1"), ("10.0.0.1", ["1.1.1.1, _hidden"], "10.0.0.1"),
        ("10.0.0.1", ["1.1.1.1, "], "10.0.0.1"), ("10.0.0.1", ["1.1.1.1", ""], "10.0.0.1"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.9:65536"], "10.0.0.1"), ("10.0.0.1", ["1.1.1.1, 0x7f.1"], "10.0.0.1"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.09"], "10.0.0.1"), ("10.0.0.1", ["1.1.1.1 203.0.113.9"], "10.0.0.1"),
        ("10.0.0.1", ["1.1.1.1, unix:, 10.0.0.2"], "10.0.0.1"),
        // Proxies alone.
        ("10.0.0.1", ["10.0.0.2, 10.0.0.3"], "10.0.0.1"),
    ])
    func `the first hop from the end that is no proxy decides`(peer: String, lines: [String], client: String) throws {
        let proxies = try ["10.0.0.0/8", "fd00::/8"].map { try #require(IPNetwork($0)) }
        let found = ClientAddress.client(peer: ClientAddress(peer), forwardedFor: lines, proxies: proxies)
        #expect(found?.description == client)
    }

    @Test func `a long header is read in no time`() throws {
        let proxies = [try #require(IPNetwork("10.0.0.0/8"))]
        let peer = ClientAddress("10.0.0.1")
        let start = ContinuousClock.now
        for line in [
            String(repeating: "10.0.0.9,", count: 11_000), String(repeating: ",", count: 100_000),
            String(repeating: " ", count: 100_000), String(repeating: "9", count: 100_000),
            "203.0.113.9" + String(repeating: ",10.0.0.9", count: 11_000),
        ] {
            let found = ClientAddress.client(peer: peer, forwardedFor: [line], proxies: proxies)
            #expect(found?.description == (line.hasPrefix("203") ? "203.0.113.9" : "10.0.0.1"))
        }
        #expect(start.duration(to: .now) < .seconds(5))
    }

    @Test func `a connection without an address has none`() {
        #expect(ClientAddress.client(peer: nil, forwardedFor: ["203.0.113.9"], proxies: []) == nil)
    }
}
