import Testing
@testable import Viewer

struct DisplayAddressTests {
    @Test(arguments: [
        ("ws://127.0.0.1:6080/display", "127.0.0.1", 6080, "/display"), ("ws://host", "host", 80, "/"),
        ("ws://[::1]:6080/x", "::1", 6080, "/x"), ("ws://[::1]/x", "::1", 80, "/x"),
    ])
    func `an address is read`(url: String, host: String, port: Int, path: String) {
        #expect(
            DisplayAddress(webSocketURL: url, token: "t")
                == DisplayAddress(host: host, port: port, path: path, token: "t"))
    }

    @Test(arguments: [("wss://host/x", 443), ("wss://[::1]:6080/x", 6080), ("wss://host:80/x", 80)])
    func `an address with TLS has its own port`(url: String, port: Int) {
        let address = DisplayAddress(webSocketURL: url, token: "t")
        #expect(address?.isTLS == true && address?.port == port && address?.path == "/x")
    }

    @Test(arguments: [
        "https://host/", "wss://", "http://host/", "ws://", "ws://host:0/", "ws://host:x/", "ws://:80/", "",
    ])
    func `what is no address is refused`(url: String) {
        #expect(DisplayAddress(webSocketURL: url, token: "t") == nil)
    }

    @Test func `a link has the page and the token`() {
        let link = ConnectLink("http://h:8080/sessions/1/display#a-b_c")
        #expect(link?.host == "h" && link?.port == 8080 && link?.path == "/sessions/1/display")
        #expect(link?.token == "a-b_c")
    }

    @Test(arguments: ["http://h/sessions/1/display", "https://h/sessions/1/display#t", "h#t", ""])
    func `a link without a token or a page is refused`(link: String) {
        #expect(ConnectLink(link) == nil)
    }
}
