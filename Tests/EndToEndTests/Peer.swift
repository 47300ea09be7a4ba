import Glibc

/// A connection that says little.
final class Peer: Sendable {
    private let number: CInt

    private init(_ number: CInt) { self.number = number }

    static func connect(port: Int, saying text: String = "") throws -> Peer {
        let peer = Peer(socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        let answer = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(peer.number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        let sent = send(peer.number, text, text.utf8.count, CInt(MSG_NOSIGNAL))
        guard answer == 0, sent == text.utf8.count else {
            throw RunningService.Failure(description: "port \(port): errno \(errno)")
        }
        return peer
    }

    /// The first bytes of what the other side answers.
    func answer() -> String {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(number, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    deinit { close(number) }
}
