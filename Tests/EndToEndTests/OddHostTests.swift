import Foundation
import Glibc
import Processes
import Testing
import TestSupport

/// Other hosts than this one, played by network namespaces, and what `qwd doctor` finds on them as a guest.
@Suite(.timeLimit(.minutes(3)), .serialized, .enabled(if: geteuid() == 0, "only root can make a network namespace"))
struct OddHostTests {
    private struct Finding: Decodable { var subject, verdict, finding: String }

    private let name = "qwdodd\(UInt32.random(in: 0...999_999))"
    private let root: String

    init() throws {
        root = "/tmp/qwd-odd-\(name)"
        try Files.makeDirectory(root)
    }

    @discardableResult
    private func ip(_ arguments: [String]) async throws -> String {
        let result = try await ForegroundProcess.run(Program("ip", arguments, package: "iproute2"))
        #expect(result.isSuccess, "ip \(arguments): \(result.message)")
        return result.output
    }

    /// Makes a host with one network, and runs `body`.
    private func withHost(resolver: String, hasDefault: Bool = true, _ body: () async throws -> Void) async throws {
        let configuration = "/etc/netns/\(name)"
        try Files.makeDirectory(configuration)
        try Files.write(resolver, to: "\(configuration)/resolv.conf")
        // pasta reads it as another user.
        chmod("\(configuration)/resolv.conf", 0o644)
        try await ip(["netns", "add", name])
        try await ip(["-n", name, "link", "set", "lo", "up"])
        try await addNetwork("198.51.100.10/24", link: "a")
        if hasDefault { try await ip(["-n", name, "route", "add", "default", "via", "198.51.100.1"]) }
        try await body()
        try await ip(["netns", "del", name])
        Files.remove(configuration)
        // Made only if nobody had it.
        rmdir("/etc/netns")
        Files.remove(root)
    }

    private func addNetwork(_ address: String, link: String) async throws {
        try await ip(["-n", name, "link", "add", "\(link)0", "type", "veth", "peer", "name", "\(link)1"])
        for end in ["\(link)0", "\(link)1"] { try await ip(["-n", name, "link", "set", end, "up"]) }
        try await ip(["-n", name, "address", "add", address, "dev", "\(link)0"])
    }

    private func guests() async throws -> Finding {
        let settings = ["state_dir=\(root)/s", "runtime_dir=\(root)/r", "auth.methods=none", "worker.accelerator=tcg"]
        let result = try await ForegroundProcess.run(
            Program(
                "ip",
                ["netns", "exec", name, "env", "RUNTIME_DIRECTORY=\(root)/r", builtProgram, "doctor", "--json"]
                    + settings.flatMap { ["--set", $0] }, package: "iproute2"))
        let findings = try JSONDecoder().decode([Finding].self, from: Data(result.output.utf8))
        return try #require(findings.first { $0.subject == "guests' network" })
    }

    private func inside(_ body: @escaping @Sendable () -> Void) {
        let done = DispatchSemaphore(value: 0)
        let place = NetworkNamespace.path(name)
        Thread.detachNewThread {
            let isThere = NetworkNamespace.enter(place)
            #expect(isThere)
            body()
            done.signal()
        }
        done.wait()
    }

    /// A resolver that says "no such name" to everything, at 127.0.0.53.
    private func startResolver() throws -> Descriptor {
        let number = socket(AF_INET, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(53).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.53")
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        #expect(bound == 0)
        let descriptor = Descriptor(number)
        Thread.detachNewThread {
            var packet = [UInt8](repeating: 0, count: 512)
            var peer = sockaddr_storage()
            var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            while true {
                let count = withUnsafeMutablePointer(to: &peer) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        recvfrom(descriptor.number, &packet, packet.count, 0, $0, &size)
                    }
                }
                guard count > 3 else { return }
                packet[2] = 0x81
                packet[3] = 0x83
                _ = withUnsafePointer(to: &peer) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        sendto(descriptor.number, packet, count, 0, $0, size)
                    }
                }
            }
        }
        return descriptor
    }

    @Test func `guests of a host whose resolver listens on its own loopback have names, and reach nothing else of it`()
        async throws
    {
        try await withHost(resolver: "nameserver 127.0.0.53\n") {
            let box = Box()
            inside { box.resolver = try? startResolver() }
            let found = try await guests()
            #expect(found.verdict == "good", "\(found.finding)")
            #expect(found.finding.contains("none is open; names are answered"), "\(found.finding)")
            if let resolver = box.resolver { shutdown(resolver.number, CInt(SHUT_RDWR)) }
        }
    }

    @Test func `a host without IPv6 and one with several networks shut their guests in`() async throws {
        try await withHost(resolver: "") {
            inside {
                let file = open("/proc/sys/net/ipv6/conf/all/disable_ipv6", O_WRONLY)
                #expect(write(file, "1", 1) == 1)
                close(file)
            }
            let first = try await guests()
            #expect(first.finding.contains("none is open"), "\(first.finding)")
            try await addNetwork("203.0.113.5/24", link: "b")
            let second = try await guests()
            #expect(second.finding.contains("none is open"), "\(second.finding)")
            let ways = [first, second].map { Int($0.finding.prefix { $0.isNumber }) ?? 0 }
            // The second network's address and its broadcast, by TCP, UDP and ICMP, from four addresses.
            #expect(ways[1] == ways[0] + 24)
        }
    }

    @Test func `a host without a way out says that its guests have none`() async throws {
        try await withHost(resolver: "nameserver 192.0.2.53\n", hasDefault: false) {
            let found = try await guests()
            #expect(found.verdict == "degraded")
            #expect(found.finding.contains("no default route"), "\(found.finding)")
        }
    }

    private final class Box: @unchecked Sendable {
        // Proof: written by a thread before it signals, read after that.
        var resolver: Descriptor?
    }
}
