/// Where an event stands in the log: Redis' id of a stream's entry. Those of one session are in the order of all of them.
package struct EventID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Milliseconds since the epoch.
    package var time: UInt64
    /// Counts the events of one millisecond.
    package var number: UInt64

    /// Before every event.
    package static let zero = EventID(time: 0, number: 0)

    package init(time: UInt64, number: UInt64) {
        self.time = time
        self.number = number
    }

    /// Nil for a text that is no id. It may come from outside.
    package init?(_ text: some StringProtocol) {
        let numbers = text.split(separator: "-", omittingEmptySubsequences: false)
        guard (1...2).contains(numbers.count), numbers.allSatisfy({ $0.first != "+" }), let time = UInt64(numbers[0]),
            let number = numbers.count == 2 ? UInt64(numbers[1]) : 0
        else { return nil }
        self.init(time: time, number: number)
    }

    package var description: String { "\(time)-\(number)" }

    package static func < (left: EventID, right: EventID) -> Bool {
        (left.time, left.number) < (right.time, right.number)
    }
}
