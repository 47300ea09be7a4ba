import Glibc
import Synchronization

/// TCP ports of the loopback that nobody uses, each given out once.
enum Ports {
    private static let given = Mutex<Set<Int>>([])

    /// From below the range in which the kernel chooses for clients (ip(7)), so none of those takes it meanwhile.
    static func free() throws -> Int {
        for _ in 0..<1000 {
            let port = Int.random(in: 12_000...32_000)
            guard given.withLock({ $0.insert(port).inserted }) else { continue }
            let socket = try LoopbackSocket()
            if socket.bind(port) { return port }
        }
        throw ServerFailure("There is no free port.")
    }

    /// Waits until a server listens on all of these.
    static func wait(for ports: [Int], of server: HeldProcess, log: () -> String) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        for port in ports {
            while try !LoopbackSocket().connect(port) {
                guard server.isRunning, ContinuousClock.now < deadline else {
                    throw ServerFailure("No server on port \(port)\n\(log())")
                }
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }
}

/// A TCP socket on 127.0.0.1, closed with its last reference.
final class LoopbackSocket: Sendable {
    private let descriptor: CInt

    init() throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw ServerFailure("socket: errno \(errno)") }
    }

    deinit { close(descriptor) }

    func bind(_ port: Int) -> Bool { call(Glibc.bind, port) }
    func connect(_ port: Int) -> Bool { call(Glibc.connect, port) }

    private func call(_ function: (CInt, UnsafePointer<sockaddr>, socklen_t) -> CInt, _ port: Int) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                function(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    func listen() -> Bool { Glibc.listen(descriptor, 64) == 0 }
}

/// A server that takes connections and never says a word.
struct SilentServer {
    let port: Int
    private let socket: LoopbackSocket

    init() throws {
        port = try Ports.free()
        socket = try LoopbackSocket()
        guard socket.bind(port), socket.listen() else { throw ServerFailure("listen: errno \(errno)") }
    }
}
