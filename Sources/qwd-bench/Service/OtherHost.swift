import Foundation
import Glibc
import Processes
import TestSupport

/// A host next to this one, played by a network namespace, with a server that sends zeros to whoever connects.
struct OtherHost {
    /// Of TEST-NET-2 (RFC 5737).
    static let address: [UInt8] = [198, 51, 100, 2]
    static let port: UInt16 = 5001
    private let name = "qwdbench\(getpid())"

    init() async throws {
        try await ip(["netns", "add", name])
        try await ip(["link", "add", "qwdb0", "type", "veth", "peer", "name", "qwdb1", "netns", name])
        try await ip(["address", "add", "198.51.100.1/30", "dev", "qwdb0"])
        try await ip(["link", "set", "qwdb0", "up"])
        try await ip(["-n", name, "address", "add", "198.51.100.2/30", "dev", "qwdb1"])
        try await ip(["-n", name, "link", "set", "qwdb1", "up"])
        try serve()
    }

    func end() async {
        // It ends with its namespace, and the other end of the cable with it.
        try? await ip(["netns", "del", name])
    }

    private func ip(_ arguments: [String]) async throws {
        let result = try await ForegroundProcess.run(Program("ip", arguments, package: "iproute2"))
        guard result.isSuccess else { throw BenchError("ip \(arguments.joined(separator: " ")): \(result.message)") }
    }

    private func serve() throws {
        let (ready, told) = (DispatchSemaphore(value: 0), Failure())
        let place = NetworkNamespace.path(name)
        Thread.detachNewThread {
            guard NetworkNamespace.enter(place),
                let listener = try? TCPListener(host: "198.51.100.2", port: Int(Self.port))
            else {
                told.happened()
                ready.signal()
                return
            }
            ready.signal()
            let zeros = [UInt8](repeating: 0, count: 1 << 18)
            while case let peer = accept(listener.descriptor.number, nil, nil), peer >= 0 {
                while send(peer, zeros, zeros.count, Int32(MSG_NOSIGNAL)) > 0 {}
                close(peer)
            }
        }
        ready.wait()
        if told.hasHappened { throw BenchError("no server in \(place)") }
    }

    private final class Failure: @unchecked Sendable {
        // Proof: written before the semaphore is signalled, read after it was waited for.
        private(set) var hasHappened = false
        func happened() { hasHappened = true }
    }
}
