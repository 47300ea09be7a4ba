@testable import DisplayGateway
import Domain
import Glibc
import Processes
import Testing

/// People who have no token and want to be in the way.
@Suite(.timeLimit(.minutes(1)), .serialized)
struct StrangerTests {
    private var openDescriptors: Int { Files.names(in: "/proc/self/fd").count }

    @Test func `300 half requests keep nobody out, make no process, and end`() async throws {
        let gateway = try await GatewayFixture { $0.limits.headTime = .seconds(1) }
        let before = openDescriptors
        let children = Files.read("/proc/self/task/\(getpid())/children")
        let strangers = try (0..<300).map { _ in
            let socket = try gateway.connect()
            try socket.write(Array("GET /vnc.html HTTP/1.1\r\nHo".utf8))
            return socket
        }
        let start = ContinuousClock.now
        let (viewer, display) = try gateway.open()
        try display.write([7])
        #expect(try viewer.frame() == (0x82, [7]))
        #expect(ContinuousClock.now - start < .milliseconds(500), "an honest viewer is answered at once")
        #expect(Files.read("/proc/self/task/\(getpid())/children") == children)
        // All of them are sent away: those that had to make room, and the others when their time is over.
        for stranger in strangers {
            let answer = try? stranger.rest()
            #expect(answer?.isEmpty != false || answer?.hasPrefix("HTTP/1.1 408 ") == true)
        }
        while openDescriptors > before + strangers.count + 4 { await Task.yield() }
        withExtendedLifetime((viewer, display)) {}
        try await gateway.close()
    }

    @Test func `a head that comes a byte at a time is not waited for`() async throws {
        let gateway = try await GatewayFixture { $0.limits.headTime = .milliseconds(300) }
        let socket = try gateway.connect()
        let start = ContinuousClock.now
        var answer = ""
        while answer.isEmpty {
            try socket.write([71])
            // Nothing has come in this while.
            let bytes = (try? socket.read(limit: 100, before: .now + .milliseconds(50))) ?? []
            answer = String(decoding: bytes, as: UTF8.self)
        }
        #expect(answer.hasPrefix("HTTP/1.1 408 "))
        #expect(ContinuousClock.now - start < .seconds(2))
        try await gateway.close()
    }

    @Test func `a handshake of TLS that is not finished is not waited for`() async throws {
        let gateway = try await GatewayFixture {
            $0.limits.headTime = .milliseconds(300)
            $0.certificate = try ThrowAwayCertificate(in: String($0.tokens.dropLast("/tokens".count))).files
        }
        let silent = try gateway.connect()
        #expect(try silent.isEnded)
        let plain = try gateway.answer(GatewayFixture.upgrade(gateway.token))
        #expect(!plain.contains("101"), "nobody gets in without TLS")
        try await gateway.close()
    }

    @Test func `a session has so many viewers, and a client address too`() async throws {
        let gateway = try await GatewayFixture {
            $0.limits.viewersPerSession = 2
            $0.limits.viewersPerAddress = 3
        }
        let viewers = [try gateway.open(), try gateway.open()]
        #expect(try gateway.answer(GatewayFixture.upgrade(gateway.token)).hasPrefix("HTTP/1.1 429 "))
        let third = try gateway.open(GatewayFixture.tokens[1])
        #expect(try gateway.answer(GatewayFixture.upgrade(GatewayFixture.tokens[1])).hasPrefix("HTTP/1.1 429 "))
        withExtendedLifetime((viewers, third)) {}
        try await gateway.close()
    }

    @Test func `behind a proxy of ours its clients are counted, not the proxy`() async throws {
        let proxies = [IPNetwork("127.0.0.1")].compactMap(\.self)
        let gateway = try await GatewayFixture {
            $0.proxies = proxies
            $0.limits.viewersPerAddress = 1
        }
        let viewers = try (1...3).map {
            try gateway.open(extra: ["X-Forwarded-For: 198.51.100.9, 203.0.113.\($0):4711"])
        }
        let again = GatewayFixture.upgrade(gateway.token, extra: ["X-Forwarded-For: 203.0.113.2"])
        #expect(try gateway.answer(again).hasPrefix("HTTP/1.1 429 "))
        withExtendedLifetime(viewers) {}
        try await gateway.close()
    }

    @Test func `an IPv6 network is one client, whichever of its addresses looks`() async throws {
        let proxies = [IPNetwork("127.0.0.1")].compactMap(\.self)
        let gateway = try await GatewayFixture {
            $0.proxies = proxies
            $0.limits.viewersPerAddress = 2
        }
        func said(_ address: String) -> [String] { ["X-Forwarded-For: \(address)"] }
        let viewers = try ["2001:db8:0:1::1", "[2001:db8:0:1:ffff::1]:4711"].map { try gateway.open(extra: said($0)) }
        let third = GatewayFixture.upgrade(gateway.token, extra: said("2001:db8:0:1:2:3:4:5"))
        #expect(try gateway.answer(third).hasPrefix("HTTP/1.1 429 "))
        let other = try gateway.open(extra: said("2001:db8:0:2::1"))
        withExtendedLifetime((viewers, other)) {}
        try await gateway.close()
    }

    @Test func `a client can't pass itself off as another one`() async throws {
        let gateway = try await GatewayFixture { $0.limits.viewersPerAddress = 1 }
        let first = try gateway.open(extra: ["X-Forwarded-For: 203.0.113.1"])
        let second = GatewayFixture.upgrade(gateway.token, extra: ["X-Forwarded-For: 203.0.113.2"])
        #expect(try gateway.answer(second).hasPrefix("HTTP/1.1 429 "))
        withExtendedLifetime(first) {}
        try await gateway.close()
    }
}
