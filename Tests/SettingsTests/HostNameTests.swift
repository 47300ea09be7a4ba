import Testing
@testable import Settings

struct HostNameTests {
    @Test(arguments: [
        ("desk1.example.org", "desk1.example.org"), ("vm 1", "vm-1"), ("(none)", "none)".replacing(")", with: "-")),
        ("-x", "x"), ("bücher", "b-cher"), (String(repeating: "a", count: 64), String(repeating: "a", count: 64)),
        ("", "host-0123abcd"), ("---", "host-0123abcd"),
    ])
    func `a host's own name becomes one that a host may have here`(name: String, wanted: String) {
        #expect(HostEnvironment.valid(name, machineID: "0123abcd4567\n") == wanted)
    }

    @Test func `a host without any name is this one`() {
        #expect(HostEnvironment.valid("", machineID: nil) == "localhost")
    }
}
