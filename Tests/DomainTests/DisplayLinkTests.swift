import Domain
import Testing

struct DisplayLinkTests {
    @Test(arguments: [
        ("http://host:6080", "ws://host:6080/display"), ("https://[::1]:6080", "wss://[::1]:6080/display"),
        ("https://desk.example.org/displays", "wss://desk.example.org/displays/display"),
        ("https://desk/a/b/", "wss://desk/a/b/display"),
    ])
    func `the WebSocket is where the host says`(base: String, address: String) {
        #expect(DisplayLink.webSocket(base: base) == address)
    }

    @Test(arguments: [
        "", "http://", "host:6080", "ftp://host", "http://host;script-src *", "http://host x", "http://a\r\nb",
    ])
    func `what would mean something else in a header is no address`(base: String) {
        #expect(DisplayLink.webSocket(base: base) == nil)
    }

    @Test func `the link is a page of ours, with the token where no server sees it`() {
        let id = SessionID(milliseconds: 1)
        #expect(
            DisplayLink.page(frontend: "https://desk/qwd", session: id, token: "t")
                == "https://desk/qwd/sessions/\(id)/display#t")
    }
}
