import Foundation
@testable import QMP
import Testing

@Suite struct MessageTests {
    private func message(_ line: String) throws -> Message {
        try Message(line: Data(line.utf8))
    }

    @Test func `a greeting carries QEMU's version`() throws {
        let greeting = QMPGreeting(major: 7, minor: 2, micro: 22, package: "Debian", capabilities: ["oob"])
        #expect(try message(ScriptedServer.greetingLine) == .greeting(greeting))
        #expect(greeting.version == "7.2.22")
    }

    @Test func `a reply is known by its id`() throws {
        #expect(try message(#"{"return": {"status": "running"}, "id": 7}"#) == .reply(id: 7))
        #expect(try message(#"{"return": []}"#) == .reply(id: nil))
        #expect(try message(#"{"return": {}, "id": "theirs"}"#) == .reply(id: nil))
    }

    @Test func `a refusal carries QEMU's class and words`() throws {
        let line = #"{"id": 3, "error": {"class": "CommandNotFound", "desc": "no such command"}}"#
        #expect(
            try message(line) == .refusal(id: 3, class: "CommandNotFound", description: "no such command"))
    }

    @Test(arguments: [
        (#"{"event": "STOP"}"#, QMPEvent.stop),
        (#"{"event": "RESUME", "data": {}}"#, .resume),
        (#"{"event": "POWERDOWN"}"#, .powerdown),
        (#"{"event": "RESET", "data": {"guest": true, "reason": "guest-reset"}}"#, .reset),
        (#"{"event": "GUEST_PANICKED", "data": {"action": "pause"}}"#, .guestPanicked),
        (
            #"{"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-shutdown"}}"#,
            .shutdown(guest: true, reason: "guest-shutdown")
        ),
        (#"{"event": "VNC_CONNECTED", "data": {"server": {"auth": "none"}}}"#, .other(name: "VNC_CONNECTED")),
        (
            #"{"event": "NETDEV_STREAM_DISCONNECTED", "data": {"netdev-id": "net0"}}"#,
            .netdevStreamDisconnected(id: "net0")
        ),
        (
            #"{"event": "BLOCK_IO_ERROR", "data": {"device": "disk", "nospace": true, "reason": "No space left"}}"#,
            .blockIOError(device: "disk", noSpace: true, reason: "No space left")
        ),
        (#"{"event": "RTC_CHANGE", "data": {"offset": 3}}"#, .other(name: "RTC_CHANGE")),
        (#"{"event": "SHUTDOWN", "data": {"guest": "perhaps"}}"#, .shutdown(guest: false, reason: "")),
        (#"{"event": "SHUTDOWN", "data": 7}"#, .shutdown(guest: false, reason: "")),
    ])
    func `events become Swift values`(line: String, event: QMPEvent) throws {
        #expect(try message(line) == .event(event))
    }

    @Test(arguments: ["hello", "{", "[]", "{}", #"{"event": 7}"#, #"{"error": {}}"#, #"{"QMP": {}}"#])
    func `anything else is malformed`(line: String) throws {
        let error = try #require(throws: QMPError.self) { try message(line) }
        #expect(error.code == .malformed)
    }
}

@Suite struct RequestTests {
    private func line(_ command: some QMPCommand) throws -> String {
        String(decoding: try Request(command, id: 5).line, as: UTF8.self)
    }

    @Test func `a command without properties has empty arguments`() throws {
        #expect(try line(Continue()) == #"{"arguments":{},"execute":"cont","id":5}"# + "\n")
    }

    @Test func `properties become arguments`() throws {
        #expect(
            try line(Screendump(filename: "/run/a \"b\"\n.png"))
                == #"{"arguments":{"filename":"/run/a \"b\"\n.png","format":"png"},"execute":"screendump","id":5}"#
                + "\n")
        #expect(
            try line(SendKey(keys: ["ctrl", "a"]))
                == #"{"arguments":{"keys":[{"data":"ctrl","type":"qcode"},{"data":"a","type":"qcode"}]},"#
                + #""execute":"send-key","id":5}"# + "\n")
    }

    @Test func `a reply is read as the command's type`() throws {
        let line = Data(#"{"return": {"status": "io-error", "running": false, "singlestep": false}, "id": 1}"#.utf8)
        let status = try JSONDecoder().decode(Answer<QueryStatus.Reply>.self, from: line).reply
        #expect(status.state == .ioError)
        #expect(!status.running)
        #expect(QMPRunState("brand-new") == .unknown("brand-new"))
    }
}
