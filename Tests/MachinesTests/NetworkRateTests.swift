import Foundation
import Glibc
@testable import GuestNetwork
@testable import Hypervisor
@testable import Machines
import Processes
import Synchronization
import Testing
import TestSupport

/// What one session sends and receives in a second, with a real Linux in it, passt, pasta and a server on another host.
@Suite(
    .timeLimit(.minutes(5)), .serialized,
    .enabled(if: LinuxGuest.isThere && geteuid() == 0, "needs root and a kernel: scripts/setup test"))
struct NetworkRateTests {
    private static let (megabytes, megabits) = (16, 16)

    /// A guest that loads by eight connections at once, sends by eight, and says when each is done.
    private func guest(_ kitchen: ImageKitchen, of host: String, source: UInt16, sink: UInt16) throws -> String {
        let each = Self.megabytes / 8
        return try LinuxGuest.make(
            kitchen, modules: LinuxGuest.plain,
            commands: """
                while ! [ -d /sys/class/net/eth0 ]; do sleep 0.1; done
                mkdir -p /usr/share/udhcpc
                printf '#!/bin/sh\\n[ -n "$ip" ] && ip addr add $ip/$mask dev eth0 && ip route add default via $router\\n' > /tmp/lease
                chmod 755 /tmp/lease; ip link set lo up; ip link set eth0 up
                udhcpc -n -q -i eth0 -s /tmp/lease
                together() { for i in 1 2 3 4 5 6 7 8; do "$@" & done; wait; }
                load() { nc \(host) \(source) | dd of=/dev/null bs=64k count=\(each * 16) iflag=fullblock 2>/dev/null; }
                give() { dd if=/dev/zero bs=64k count=\(each * 16) 2>/dev/null | nc \(host) \(sink); }
                echo "loading"; together load; echo "loaded"
                echo "giving"; together give; echo "given"
                """)
    }

    @Test func `a guest's eight downloads and uploads keep its rate, and none stands still`() async throws {
        let other = try await OtherHost()
        let traffic = try Traffic(other)
        let kitchen = try ImageKitchen()
        let path = try guest(kitchen, of: other.address, source: traffic.source, sink: traffic.sink)
        var options = GuestNetwork.Options()
        options.rate = NetworkRate(megabits: Self.megabits, program: builtProgram)
        try await LinuxGuest.run(path, network: options) { machine in
            for (begin, end) in [("loading", "loaded"), ("giving", "given")] {
                try await LinuxGuest.hear(begin, of: machine)
                let start = ContinuousClock.now
                try await LinuxGuest.hear(end, of: machine)
                let time = start.duration(to: .now) / .seconds(1)
                let megabits = Double(Self.megabytes) * 1.048576 * 8 / time
                print("network rate: \(end) at \(megabits) Mbit/s of \(Self.megabits)")
                // A guest that QEMU translates takes 50 without a limit.
                #expect(megabits < 16.8 && megabits > 12, "\(end) in \(time) s")
            }
            #expect(!ProcessHandle.all(mark: NetworkRate.command).isEmpty)
        }
        // Whole, too: the segments of some cards are not.
        #expect(traffic.received == Self.megabytes << 20)
        traffic.end()
        await other.end()
        // It ends with its machine.
        while !ProcessHandle.all(mark: NetworkRate.command).isEmpty { try await Task.sleep(for: .milliseconds(20)) }
    }
}

/// A server on another host: whoever connects to its first port gets zeros, and what comes to the second is counted.
private final class Traffic: Sendable {
    let source: UInt16 = 4801
    let sink: UInt16 = 4802
    private let count = Mutex(0)
    private let open = Mutex<[Descriptor]>([])
    var received: Int { count.withLock { $0 } }

    init(_ host: OtherHost) throws {
        let listeners = try host.listen(at: [source, sink])
        open.withLock { $0 = listeners }
        let (givers, takers) = (listeners[0], listeners[1])
        Self.serve(givers) { peer in
            let zeros = [UInt8](repeating: 0, count: 1 << 18)
            while send(peer.number, zeros, zeros.count, Int32(MSG_NOSIGNAL)) > 0 {}
        }
        Self.serve(takers) { [self] peer in
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while case let more = recv(peer.number, &buffer, buffer.count, 0), more > 0 {
                count.withLock { $0 += more }
            }
        }
    }

    func end() { for listener in open.withLock({ $0 }) { shutdown(listener.number, CInt(SHUT_RDWR)) } }

    private static func serve(_ listener: Descriptor, _ body: @escaping @Sendable (Descriptor) -> Void) {
        Thread.detachNewThread {
            while case let peer = accept(listener.number, nil, nil), peer >= 0 {
                let descriptor = Descriptor(peer)
                Thread.detachNewThread { body(descriptor) }
            }
        }
    }
}
