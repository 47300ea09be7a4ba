import Testing

@testable import Viewer

struct DisplayAddressTests {
    @Test(arguments: [
        ("ws://127.0.0.1:6080/websockify?token=a-b_c", "127.0.0.1", 6080, "/websockify?token=a-b_c"),
        ("ws://host", "host", 80, "/"), ("ws://[::1]:6080/x", "::1", 6080, "/x"), ("ws://[::1]/x", "::1", 80, "/x"),
    ])
    func `an address is read`(url: String, host: String, port: Int, path: String) {
        #expect(DisplayAddress(webSocketURL: url) == DisplayAddress(host: host, port: port, path: path))
    }

    @Test(arguments: ["http://host/", "ws://", "ws://host:0/", "ws://host:x/", "ws://:80/", ""])
    func `what is no address is refused`(url: String) {
        #expect(DisplayAddress(webSocketURL: url) == nil)
    }

    @Test(arguments: [
        ("http://h:6080/vnc.html#autoconnect=true&resize=scale&path=websockify%3Ftoken%3Da_b", 6080),
        ("http://h:6080/vnc.html#path=websockify%3Ftoken%3Da_b&port=40001", 40001),
    ])
    func `a link to noVNC leads where noVNC would connect`(link: String, port: Int) {
        #expect(
            DisplayAddress(connectLink: link) == DisplayAddress(host: "h", port: port, path: "/websockify?token=a_b"))
    }

    @Test(arguments: ["http://h/vnc.html", "http://h/vnc.html#autoconnect=true", "https://h/vnc.html#path=x"])
    func `a link without a place to connect to is refused`(link: String) {
        #expect(DisplayAddress(connectLink: link) == nil)
    }
}
