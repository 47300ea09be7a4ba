@testable import QMP
import Testing

/// The rules of a connection, without one: what waits are plain words here.
@Suite struct ConversationTests {
    private static let greeting = QMPGreeting(major: 7, minor: 2, micro: 22)

    private func ready() throws -> QMPStateMachine<String> {
        var conversation = QMPStateMachine<String>()
        guard case .negotiate = conversation.receive(.greeting(Self.greeting)),
            case .ready(Self.greeting) = conversation.receive(.reply(id: 0))
        else { throw QMPError(.greeting, "the handshake went another way") }
        return conversation
    }

    private func send(
        _ command: some QMPCommand, id: UInt64, _ waiter: String, in conversation: inout QMPStateMachine<String>
    ) throws {
        guard case .write = conversation.send(try Request(command, id: id), waiter: waiter) else {
            throw QMPError(.malformed, "\(waiter) was refused")
        }
    }

    private func finish(
        _ cause: EndCause, of conversation: inout QMPStateMachine<String>
    ) throws -> QMPStateMachine<String>.EndAction {
        guard let action = conversation.end(cause) else { throw QMPError(.malformed, "it had ended before") }
        return action
    }

    private func abortCode(_ action: QMPStateMachine<String>.ReceiveAction) -> QMPError.Code? {
        guard case .abort(let error) = action else { return nil }
        return error.code
    }

    @Test func `no command goes out before the negotiation is over`() throws {
        var conversation = QMPStateMachine<String>()
        guard case .refuse(let early) = conversation.send(try Request(Stop(), id: 1), waiter: "stop") else {
            throw QMPError(.greeting, "a command passed before the greeting")
        }
        #expect(early.code == .greeting)
        #expect(conversation.handshakeWait != nil)
        _ = conversation.receive(.greeting(Self.greeting))
        guard case .refuse = conversation.send(try Request(Stop(), id: 1), waiter: "stop") else {
            throw QMPError(.greeting, "a command passed before the negotiation was over")
        }
        _ = conversation.receive(.reply(id: 0))
        #expect(conversation.handshakeWait == nil)
        try send(Stop(), id: 1, "stop", in: &conversation)
    }

    @Test func `an answer instead of a greeting ends the conversation`() {
        var conversation = QMPStateMachine<String>()
        #expect(abortCode(conversation.receive(.reply(id: 0))) == .greeting)
    }

    @Test func `a refused negotiation ends the conversation`() {
        var conversation = QMPStateMachine<String>()
        _ = conversation.receive(.greeting(Self.greeting))
        let refusal = Message.refusal(id: 0, class: "GenericError", description: "no")
        #expect(abortCode(conversation.receive(refusal)) == .greeting)
    }

    @Test func `events pass in every state`() throws {
        var conversation = QMPStateMachine<String>()
        for message in [Message.greeting(Self.greeting), .reply(id: 0)] {
            guard case .deliver(.resume) = conversation.receive(.event(.resume)) else {
                throw QMPError(.malformed, "an event was lost")
            }
            _ = conversation.receive(message)
        }
        guard case .deliver(.stop) = conversation.receive(.event(.stop)) else {
            throw QMPError(.malformed, "an event was lost")
        }
    }

    @Test func `each reply finds its waiter by id`() throws {
        var conversation = try ready()
        try send(Stop(), id: 1, "stop", in: &conversation)
        try send(Continue(), id: 2, "cont", in: &conversation)
        guard case .succeed("cont") = conversation.receive(.reply(id: 2)) else {
            throw QMPError(.malformed, "the second was not found")
        }
        let refusal = Message.refusal(id: 1, class: "GenericError", description: "no")
        guard case .fail("stop", let error) = conversation.receive(refusal) else {
            throw QMPError(.malformed, "the first was not found")
        }
        #expect(error.code == .refused(class: "GenericError"))
    }

    @Test func `a reply after the wait was given up is passed over`() throws {
        var conversation = try ready()
        try send(Stop(), id: 1, "stop", in: &conversation)
        let waiters = [conversation.abandon(1), conversation.abandon(1)]
        #expect(waiters == ["stop", nil])
        guard case .ignore = conversation.receive(.reply(id: 1)) else {
            throw QMPError(.malformed, "a late reply had an effect")
        }
    }

    @Test(arguments: [
        Message.reply(id: nil), .refusal(id: nil, class: "GenericError", description: "JSON parse error"),
    ])
    func `an answer without an id ends the conversation`(message: Message) throws {
        var conversation = try ready()
        #expect(abortCode(conversation.receive(message)) == .malformed)
    }

    @Test func `the end of the socket fails every waiter with its cause`() throws {
        var conversation = try ready()
        try send(Stop(), id: 1, "stop", in: &conversation)
        try send(Continue(), id: 2, "cont", in: &conversation)
        let cause = QMPError(.malformed, "the cause")
        let end = try finish(.endOfStream(cause), of: &conversation)
        #expect(Set(end.failed.map(\.waiter)) == ["stop", "cont"])
        for (_, error) in end.failed {
            #expect(error.code == .closed(quitRequested: false))
            #expect(error.cause is QMPError)
        }
        guard case .lost = end.ending else { throw QMPError(.malformed, "\(end.ending)") }
        #expect(conversation.hasEnded)
        if let again = conversation.end(.closedByUs) { throw QMPError(.malformed, "ended twice: \(again)") }
        guard case .refuse(let late) = conversation.send(try Request(Stop(), id: 3), waiter: "late") else {
            throw QMPError(.malformed, "a command passed after the end")
        }
        #expect(late.code == .closed(quitRequested: false))
    }

    @Test func `after a quit the end of the socket is its success`() throws {
        var conversation = try ready()
        try send(Stop(), id: 1, "stop", in: &conversation)
        try send(Quit(), id: 2, "quit", in: &conversation)
        let end = try finish(.endOfStream(nil), of: &conversation)
        #expect(end.succeeded == ["quit"])
        #expect(end.failed.map(\.waiter) == ["stop"])
        #expect(end.failed.first?.error.code == .closed(quitRequested: true))
        guard case .quit = end.ending else { throw QMPError(.malformed, "\(end.ending)") }
    }

    @Test func `a refused quit is forgotten`() throws {
        var conversation = try ready()
        try send(Quit(), id: 1, "quit", in: &conversation)
        _ = conversation.receive(.refusal(id: 1, class: "GenericError", description: "no"))
        let end = try finish(.endOfStream(nil), of: &conversation)
        guard case .lost = end.ending else { throw QMPError(.malformed, "\(end.ending)") }
    }

    @Test func `a quit whose answer nobody awaits is remembered`() throws {
        var conversation = try ready()
        try send(Quit(), id: 1, "quit", in: &conversation)
        _ = conversation.abandon(1)
        let end = try finish(.endOfStream(nil), of: &conversation)
        guard case .quit = end.ending else { throw QMPError(.malformed, "\(end.ending)") }
    }

    @Test func `an end during the negotiation is told to whoever waits for it`() throws {
        var conversation = QMPStateMachine<String>()
        let end = try finish(.endOfStream(nil), of: &conversation)
        #expect(end.handshake?.code == .closed(quitRequested: false))
        var later = try ready()
        let laterEnd = try finish(.closedByUs, of: &later)
        #expect(laterEnd.handshake == nil)
    }
}
