@testable import DisplayGateway
import Testing

struct ConnectionTableTests {
    private static func table(connections: Int = 100, strangers: Int = 3, viewers: Int = 100, each: Int = 2)
        -> Table
    {
        var limits = GatewayLimits()
        limits.connections = connections
        limits.strangersPerAddress = strangers
        limits.viewersPerAddress = viewers
        limits.viewersPerSession = each
        return Table(ConnectionTable(limits: limits))
    }

    @Test func `an address has a few strangers, and the oldest makes room`() {
        let table = Self.table()
        for id in 1...3 {
            #expect(table.admit("a") == .admitted(id, evicted: nil))
        }
        #expect(table.admit("b") == .admitted(4, evicted: nil))
        #expect(table.admit("a") == .admitted(5, evicted: 1))
        #expect(table.admit("a") == .admitted(6, evicted: 2))
        #expect(table.count == 4)
    }

    @Test func `a viewer is never asked to make room`() {
        let table = Self.table(connections: 3)
        for id in 1...3 {
            _ = table.admit("a")
            #expect(table.promote(id, client: "a", session: "\(id)"))
        }
        #expect(table.admit("b") == .refused)
        table.remove(2)
        #expect(table.admit("b") == .admitted(4, evicted: nil))
        #expect(table.admit("c") == .admitted(5, evicted: 4), "the stranger")
    }

    @Test func `a session and an address have so many viewers`() {
        let table = Self.table(viewers: 3)
        for (session, isLet) in [("s", true), ("s", true), ("s", false), ("t", true), ("t", false)] {
            guard case .admitted(let id, _) = table.admit("a") else { return #expect(Bool(false)) }
            #expect(table.promote(id, client: "a", session: session) == isLet, "\(session) \(id)")
            if !isLet { table.remove(id) }
        }
        guard case .admitted(let id, _) = table.admit("b") else { return #expect(Bool(false)) }
        #expect(table.promote(id, client: "b", session: "t"))
    }

    @Test func `a proxy's strangers have no number, its viewers count for their clients`() {
        let table = Self.table(viewers: 1)
        for _ in 0..<20 {
            #expect(table.admit(nil) != .refused)
        }
        #expect(table.promote(1, client: "a", session: "s"))
        #expect(!table.promote(2, client: "a", session: "t"))
        #expect(table.promote(3, client: "b", session: "s"))
    }

    @Test func `one who had to go gets nothing any more`() {
        let table = Self.table(strangers: 1)
        _ = table.admit("a")
        #expect(table.admit("a") == .admitted(2, evicted: 1))
        #expect(!table.promote(1, client: "a", session: "s"))
        table.remove(1)
        #expect(table.count == 1)
    }
}

/// A table that an expectation may change.
private final class Table {
    private var table: ConnectionTable

    init(_ table: ConnectionTable) { self.table = table }

    var count: Int { table.count }
    func admit(_ client: String?) -> ConnectionTable.Admission { table.admit(client) }
    func promote(_ id: Int, client: String, session: String) -> Bool {
        table.promote(id, client: client, session: session)
    }
    func remove(_ id: Int) { table.remove(id) }
}
