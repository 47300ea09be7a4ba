import Foundation
import Glibc
import Processes
import Synchronization

/// A web server on loopback that answers each path with a text of ours.
package final class TextServer: Sendable {
    package enum Answer: Sendable {
        case text(String)
        case redirect(String)
        case status(Int)
        /// A byte now and then, for ever.
        case endless
        /// One byte more of a file with each request, which is still the same one.
        case bits(String)
        /// The end of the connection.
        case nothing
    }

    private let listener: TCPListener
    private let answers: @Sendable (String) -> Answer
    private let count = Mutex(0)
    package let port: UInt16
    package var requests: Int { count.withLock { $0 } }

    /// - Parameter answers: What a path gets.
    package init(_ answers: @escaping @Sendable (String) -> Answer) throws {
        self.answers = answers
        let listener = try TCPListener(host: "127.0.0.1", port: 0)
        (self.listener, port) = (listener, UInt16(listener.port))
        Thread.detachNewThread { [self] in
            while case let peer = accept(listener.descriptor.number, nil, nil), peer >= 0 {
                Thread.detachNewThread { [self] in
                    answer(peer)
                    close(peer)
                }
            }
        }
    }

    package func end() { shutdown(listener.descriptor.number, CInt(SHUT_RDWR)) }

    private func answer(_ peer: CInt) {
        var buffer = [UInt8](repeating: 0, count: 8192)
        let length = recv(peer, &buffer, buffer.count, 0)
        let head = String(decoding: buffer.prefix(max(0, length)), as: UTF8.self)
        let number = count.withLock { count in
            count += 1
            return count
        }
        switch answers(head.split(separator: " ").dropFirst().first.map(String.init) ?? "") {
        case .text(let text):
            write(peer, "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\nConnection: close\r\n\r\n" + text)
        case .redirect(let url):
            write(peer, "HTTP/1.1 302 Found\r\nLocation: \(url)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        case .status(let status):
            write(peer, "HTTP/1.1 \(status) Words\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        case .endless:
            write(peer, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            while send(peer, "x", 1, CInt(MSG_NOSIGNAL)) == 1 { usleep(100_000) }
        case .bits(let text):
            let start = head.contains("Range: bytes=") ? number - 1 : 0
            let status =
                start > 0
                ? "206 Part\r\nContent-Range: bytes \(start)-\(text.utf8.count - 1)/\(text.utf8.count)" : "200 OK"
            write(
                peer,
                "HTTP/1.1 \(status)\r\nETag: \"x\"\r\nContent-Length: \(text.utf8.count - start)\r\n\r\n"
                    + text.dropFirst(start).prefix(1))
        case .nothing: break
        }
    }

    private func write(_ peer: CInt, _ text: String) { _ = send(peer, text, text.utf8.count, CInt(MSG_NOSIGNAL)) }
}
