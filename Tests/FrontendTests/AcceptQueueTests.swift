@testable import Frontend
import Testing

/// Whose turn it is, without a socket.
struct AcceptQueueTests {
    private func drain(_ queue: inout AcceptQueue<String>) -> [String] {
        var items: [String] = []
        while let (_, item) = queue.next() { items.append(item) }
        return items
    }

    @Test func `addresses take turns, each in its own order`() {
        var queue = AcceptQueue<String>()
        for name in ["a1", "a2", "a3", "b1", "b2", "c1"] { _ = queue.add(name, key: String(name.prefix(1))) }
        #expect(drain(&queue) == ["a1", "b1", "c1", "a2", "b2", "a3"])
        #expect(queue.isEmpty)
    }

    @Test func `one that has sent something comes before all silent ones, once`() throws {
        var queue = AcceptQueue<String>()
        let ids = ["a1", "a2", "a3", "b1"].map { queue.add($0, key: String($0.prefix(1))) }
        queue.speaks(ids[2])
        queue.speaks(ids[2])
        #expect(queue.next(silent: false)?.item == "a3")
        #expect(queue.next(silent: false) == nil)
        queue.speaks(ids[2])
        #expect(drain(&queue) == ["a1", "b1", "a2"])
    }

    @Test func `a newcomer waits for one of each address and not for all of them`() {
        var queue = AcceptQueue<String>()
        for number in 0..<1000 {
            let id = queue.add("stranger", key: "\(number % 10)")
            queue.speaks(id)
        }
        queue.speaks(queue.add("newcomer", key: "new"))
        let before = (0..<11).compactMap { _ in queue.next()?.item }
        #expect(before.last == "newcomer")
        #expect(queue.count == 990)
    }

    @Test func `what is left can be taken out at once`() {
        var queue = AcceptQueue<String>()
        for name in ["a", "b", "c"] { queue.speaks(queue.add(name, key: name)) }
        _ = queue.next()
        #expect(queue.removeAll().sorted() == ["b", "c"])
        #expect(queue.next() == nil)
    }

    @Test(arguments: [(4096, 15_000), (4096, 512), (16, 64), (1_000_000, 4_000)])
    func `connections and those that wait for their turn fit into the descriptors`(total: Int, descriptors: Int) {
        let limits = ConnectionLimits(total: total, perAddress: 256, descriptors: descriptors)
        #expect(limits.total <= total)
        #expect(limits.total >= min(total, descriptors / 8 * 7))
        #expect(limits.total + limits.waiting <= descriptors)
        #expect(limits.waiting >= min(ConnectionLimits.backlog, descriptors / 8))
        #expect(limits.perAddress <= limits.total)
    }
}
