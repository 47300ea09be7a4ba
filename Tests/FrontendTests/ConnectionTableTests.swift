import Domain
@testable import Frontend
import Logging
import Testing

/// Who gets a place, who has to go, and when, without a socket and by a clock of the test.
struct ConnectionTableTests {
    let start = ContinuousClock.now

    private func table(total: Int = 16, perAddress: Int = 4, proxies: [String] = []) -> ConnectionTable {
        ConnectionTable(
            limits: ConnectionLimits(total: total, perAddress: perAddress),
            proxies: proxies.compactMap { IPNetwork($0) },
            logger: Logger(label: "test"))
    }

    private func admit(
        _ table: ConnectionTable, _ address: String, isOwn: Bool = false, at seconds: Int = 0
    ) -> Connection? {
        let now = start + .seconds(seconds)
        return table.admit(ClientAddress(address), isOwn: isOwn, now: now) {
            Connection(key: $0, channel: nil, now: now)
        }
    }

    /// A request that is being answered.
    private func ask(_ connection: Connection, at seconds: Int = 0) {
        connection.headEnded(at: start + .seconds(seconds))
        connection.requestEnded(at: start + .seconds(seconds))
    }

    @Test func `an address that has enough loses what waits longest`() throws {
        let table = table()
        let first = try (0..<4).map { try #require(admit(table, "192.0.2.1", at: $0)) }
        // It asked for something, so it keeps its place.
        ask(first[0], at: 4)
        #expect(admit(table, "192.0.2.1", at: 5) != nil)
        #expect(table.counts.open == 4)
        #expect(table.counts.ended == 1)
        // The second went; the fifth takes the place of the third.
        table.remove(first[1])
        #expect(table.counts.open == 4)
        table.remove(first[0])
        #expect(table.counts.open == 3)
    }

    @Test func `nobody is pushed out who is being answered`() throws {
        let table = table()
        for _ in 0..<4 { ask(try #require(admit(table, "192.0.2.1"))) }
        #expect(admit(table, "192.0.2.1", at: 60) == nil)
        #expect(table.counts == (4, 0, 1))
        #expect(admit(table, "192.0.2.2", at: 60) != nil)
    }

    @Test func `one network of IPv6 is one address, and a mapped one is IPv4`() throws {
        let table = table()
        for number in 0..<4 { ask(try #require(admit(table, "2001:db8::\(number)"))) }
        #expect(admit(table, "2001:db8::ffff:1") == nil)
        #expect(admit(table, "2001:db8:0:1::1") != nil)
        for _ in 0..<4 { ask(try #require(admit(table, "::ffff:192.0.2.1"))) }
        #expect(admit(table, "192.0.2.1") == nil)
    }

    @Test func `a proxy has no limit of its own, but takes part in all`() throws {
        let table = table(proxies: ["192.0.2.1"])
        for _ in 0..<16 { ask(try #require(admit(table, "192.0.2.1"))) }
        #expect(admit(table, "192.0.2.1") == nil)
        #expect(admit(table, "198.51.100.1") == nil)
    }

    @Test func `some places are ours whatever strangers hold`() throws {
        let table = table()
        for number in 0..<16 { ask(try #require(admit(table, "192.0.2.\(number)"))) }
        #expect(admit(table, "192.0.2.100") == nil)
        for _ in 0..<16 { #expect(admit(table, "127.0.0.1", isOwn: true) != nil) }
        #expect(admit(table, "127.0.0.1", isOwn: true) == nil, "no more than that")
    }

    @Test func `when all is full those go that wait longest, whoever they are`() throws {
        let table = table(total: 64)
        let old = try (0..<64).map { try #require(admit(table, "192.0.2.\($0)", at: $0)) }
        for connection in old.prefix(2) { ask(connection, at: 64) }
        #expect(admit(table, "198.51.100.1", at: 70) != nil)
        #expect(table.counts.ended == 4, "a sixteenth at once")
        #expect(table.counts.open == 61)
    }

    @Test(arguments: [
        (ConnectionLimits().head, [] as [@Sendable (Connection, ContinuousClock.Instant) -> Void]),
        // Bytes of a head make no more time for it.
        (ConnectionLimits().head, [{ $0.received(at: $1 + .seconds(9)) }]),
        (ConnectionLimits().idle, [{ $0.headEnded(at: $1) }, { $0.requestEnded(at: $1) }, { $0.answerEnded(at: $1) }]),
        (
            ConnectionLimits().head,
            [
                { $0.headEnded(at: $1) }, { $0.requestEnded(at: $1) }, { $0.answerEnded(at: $1) },
                { $0.received(at: $1) },
            ]
        ),
        (ConnectionLimits().stall, [{ $0.headEnded(at: $1) }]),
        // Some bytes of a body now and then don't make it longer than all may take.
        (ConnectionLimits().body, [{ $0.headEnded(at: $1) }, { $0.received(at: $1 + .seconds(25)) }]),
        // It is we who don't read.
        (ConnectionLimits().body, [{ $0.headEnded(at: $1) }, { $0.wantsBytes(false, at: $1) }]),
        (ConnectionLimits().answer, [{ $0.headEnded(at: $1) }, { $0.requestEnded(at: $1) }]),
        (
            ConnectionLimits().stall,
            [{ $0.headEnded(at: $1) }, { $0.requestEnded(at: $1) }, { $0.willSend(100, at: $1) }]
        ),
        (
            ConnectionLimits().stall + .seconds(5),
            [
                { $0.headEnded(at: $1) }, { $0.requestEnded(at: $1) }, { $0.willSend(100, at: $1) },
                { $0.sent(50, at: $1 + .seconds(5)) },
            ]
        ),
        (
            ConnectionLimits().stream,
            [{ $0.headEnded(at: $1) }, { $0.requestEnded(at: $1) }, { c, _ in c.answerBegan(isStream: true) }]
        ),
        (
            ConnectionLimits().stall,
            [
                { $0.headEnded(at: $1) }, { $0.requestEnded(at: $1) }, { c, _ in c.answerBegan(isStream: true) },
                { $0.willSend(9, at: $1) },
            ]
        ),
        (
            ConnectionLimits().closing,
            [
                { $0.headEnded(at: $1) }, { $0.requestEnded(at: $1) }, { $0.answerEnded(at: $1) },
                { $0.closes(at: $1) },
            ]
        ),
    ])
    func `each state has its limit of time`(
        limit: Duration, events: [@Sendable (Connection, ContinuousClock.Instant) -> Void]
    ) {
        let connection = Connection(key: "", channel: nil, now: start)
        for event in events { event(connection, start) }
        #expect(!connection.isOverdue(at: start + limit - .milliseconds(1), ConnectionLimits()))
        #expect(connection.isOverdue(at: start + limit + .milliseconds(1), ConnectionLimits()))
    }

    @Test func `several requests at once are one answer after the other`() {
        let connection = Connection(key: "", channel: nil, now: start)
        for _ in 0..<3 { ask(connection) }
        connection.answerEnded()
        #expect(connection.phase == .answer)
        connection.answerEnded()
        connection.answerEnded()
        #expect(connection.phase == .idle)
    }
}
