import Glibc
import Testing
@testable import Viewer

/// Servers that do not do what they should.
@Suite(.timeLimit(.minutes(1)))
struct RefusalTests {
    @Test func `where nobody listens there is nothing to see`() async throws {
        let error = await #expect(throws: ViewerError.self) {
            try await Viewer.connect(unixSocket: "/nowhere/vnc.sock")
        }
        #expect(error?.code == .unreachable)
        #expect(error?.detail == "Can't connect to /nowhere/vnc.sock: No such file or directory")
    }

    @Test(arguments: [false, true])
    func `a silent server is given up at the deadline`(tls: Bool) async throws {
        let (listener, port) = try SystemCall.listenOnLoopback()
        defer { close(listener) }
        let error = await #expect(throws: ViewerError.self) {
            try await Viewer.connect(webSocket: Self.address(port, tls: tls), deadline: .milliseconds(50))
        }
        #expect(error?.code == .timedOut)
    }

    @Test(arguments: [false, true])
    func `a cancelled wait ends long before its deadline`(tls: Bool) async throws {
        let (listener, port) = try SystemCall.listenOnLoopback()
        defer { close(listener) }
        let waiting = Task {
            try await Viewer.connect(webSocket: Self.address(port, tls: tls), deadline: .seconds(3600))
        }
        waiting.cancel()
        let error = await #expect(throws: ViewerError.self) { try await waiting.value }
        #expect(error?.code == .cancelled)
    }

    private static func address(_ port: Int, tls: Bool) -> DisplayAddress {
        var address = DisplayAddress(host: "127.0.0.1", port: port, token: "t")
        address.isTLS = tls
        return address
    }

    private static let refusals: [(words: String, code: ViewerError.Code, detail: String)] = [
        ("RFB 003.003\n", .unexpected, "The server does not speak RFB 3.8."),
        ("RFB 003.008\n\u{1}\u{2}", .refused, "The display wants a password."),
        ("RFB 003.008\n\0\0\0\0\u{4}full", .refused, "The display refuses viewers: full"),
        ("RFB 003.008\n\u{1}\u{1}\0\0\0\u{1}\0\0\0\u{2}no", .refused, "The display refuses viewers: no"),
        (
            "RFB 003.008\n\u{1}\u{1}\0\0\0\0\0\0\u{1}\0" + String(repeating: "\0", count: 20), .unexpected,
            "The server has a screen of 0 x 256 pixels."
        ),
        ("RFB 003.008\n\u{1}\u{1}", .closed, "The other side ended the connection."),
    ]

    @Test(arguments: refusals)
    func `a server that does not want us says why`(words: String, code: ViewerError.Code, detail: String) throws {
        let (ours, its) = try SystemCall.socketPair()
        let bytes = Array(words.utf8)
        #expect(send(its, bytes, bytes.count, 0) == bytes.count)
        shutdown(its, CInt(SHUT_WR))
        defer { close(its) }
        let error = #expect(throws: ViewerError.self) {
            _ = try RFBSession(ByteStream(StreamSocket(ours)), before: .now + .seconds(5))
        }
        #expect(error?.code == code)
        #expect(error?.detail == detail)
    }
}
