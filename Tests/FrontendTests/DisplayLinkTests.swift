import Secrets
import Testing

struct DisplayLinkTests {
    @Test(arguments: [
        ("http://host:6080", "websockify"), ("https://[::1]:6080", "websockify"),
        ("https://desk.example.org/displays", "displays%2Fwebsockify"), ("https://desk/a/b", "a%2Fb%2Fwebsockify"),
    ])
    func `the WebSocket is looked for where the page is`(base: String, path: String) {
        #expect(
            DisplayLink.url(base: base, token: "t")
                == "\(base)/vnc.html#autoconnect=true&resize=scale&path=\(path)%3Ftoken%3Dt")
    }
}
