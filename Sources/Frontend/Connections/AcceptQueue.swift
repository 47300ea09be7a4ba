import NIOCore

/// Connections that were accepted and are not set up yet, and whose turn it is.
///
/// Those that have sent something come first, because setting up one that is silent helps nobody; among them addresses take
/// turns, so that many from one place, or from a few, don't hold up one from elsewhere.
struct AcceptQueue<Item> {
    /// Names an item while it is here.
    typealias ID = Int

    private struct Entry {
        let item: Item
        let key: String
        var hasSpoken = false
    }

    /// The items of one kind, by address, and the order of addresses. An id whose item has left the kind is passed over.
    private struct Turns {
        private var byKey: [String: CircularBuffer<ID>] = [:]
        private var order = CircularBuffer<String>()

        mutating func add(_ id: ID, _ key: String) {
            if byKey[key] == nil { order.append(key) }
            byKey[key, default: []].append(id)
        }

        mutating func next() -> ID? {
            guard let key = order.popFirst(), let id = byKey[key]?.popFirst() else { return nil }
            if byKey[key]?.isEmpty == true { byKey[key] = nil } else { order.append(key) }
            return id
        }
    }

    private var entries: [ID: Entry] = [:]
    private var silent = Turns()
    private var spoken = Turns()
    private var last: ID = 0

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }
    func contains(_ id: ID) -> Bool { entries[id] != nil }

    /// - Parameter key: Of its address, as of ``ClientAddress/throttleKey``.
    mutating func add(_ item: Item, key: String) -> ID {
        last += 1
        entries[last] = Entry(item: item, key: key)
        silent.add(last, key)
        return last
    }

    /// Something has come from it. Does nothing if it is not here any more.
    mutating func speaks(_ id: ID) {
        guard let entry = entries[id], !entry.hasSpoken else { return }
        entries[id]?.hasSpoken = true
        spoken.add(id, entry.key)
    }

    /// Takes out whose turn it is.
    /// - Parameter silent: Whether it may be one that has sent nothing.
    mutating func next(silent isSilentAllowed: Bool = true) -> (id: ID, item: Item)? {
        if let id = spoken.next(), let entry = entries.removeValue(forKey: id) { return (id, entry.item) }
        while isSilentAllowed, let id = silent.next() {
            guard entries[id]?.hasSpoken == false, let entry = entries.removeValue(forKey: id) else { continue }
            return (id, entry.item)
        }
        return nil
    }

    /// Takes out all.
    mutating func removeAll() -> [Item] {
        let items = entries.values.map(\.item)
        self = AcceptQueue()
        return items
    }
}
