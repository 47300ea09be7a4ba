@testable import Redis
import Testing

struct RedisAddressTests {
    @Test(arguments: [
        ("redis://localhost", "redis://localhost:6379"),
        ("redis://db.example.org:7000/3", "redis://db.example.org:7000/3"),
        ("redis://[::1]:7000", "redis://[::1]:7000"),
        ("redis://:geheim@localhost", "redis://:***@localhost:6379"),
        ("redis://anna:geheim@localhost/", "redis://anna:***@localhost:6379"),
        ("rediss://anna:geheim@localhost/2", "rediss://anna:***@localhost:6379/2"),
        ("rediss://localhost?ca=/etc/ca.pem&cert=/etc/c.pem&key=/etc/k.pem", "rediss://localhost:6379"),
        ("unix:///run/qwd/redis.sock", "unix:///run/qwd/redis.sock"),
        ("unix:///run/qwd/redis.sock?db=4", "unix:///run/qwd/redis.sock?db=4"),
        ("unix://:geheim@/run/redis.sock", "unix://:***@/run/redis.sock"),
    ])
    func `a URL is understood and described without its password`(url: String, description: String) throws {
        let address = try RedisAddress(url: url)
        #expect(address.description == description)
        var dumped = ""
        dump(address, to: &dumped)
        for text in [
            dumped, "\(address)", String(reflecting: address), "\(RedisError(.refused, "no", address: address))",
        ] {
            #expect(!text.contains("geheim"))
        }
    }

    @Test func `reserved characters are percent-encoded`() throws {
        let address = try RedisAddress(url: "redis://an%40na:p%2Fw%3A%25@localhost/1")
        #expect(address.greeting == [["AUTH", "an@na", "p/w:%"], ["SELECT", "1"]])
        let socket = try RedisAddress(url: "unix:///run/my%20redis.sock")
        #expect(socket.endpoint == .unixSocket("/run/my redis.sock"))
        #expect(socket == RedisAddress(unixSocket: "/run/my redis.sock"))
    }

    @Test(arguments: [
        "", "localhost:6379", "http://localhost", "redis://", "redis://:geheim@", "redis://anna@localhost",
        "redis://localhost:0", "redis://localhost:99999", "redis://localhost/one", "redis://localhost/-1",
        "redis://localhost?db=1", "redis://localhost/1/2", "rediss://localhost?cert=/etc/c.pem", "unix://", "unix:///",
        "unix://run/redis.sock", "unix:///run/redis.sock?db=x", "unix:///run/redis.sock?db=1&db=2",
        "redis://:geheim@local host", "redis://:ge#heim@localhost", "redis://localhost#1",
        "unix:///" + String(repeating: "x", count: 107),
    ])
    func `a wrong URL is refused without repeating it`(url: String) {
        let error = #expect(throws: RedisError.self) { try RedisAddress(url: url) }
        #expect(error?.code == .badAddress)
        #expect(error?.description.contains("geheim") == false)
    }
}
