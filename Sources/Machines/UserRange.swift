package import Processes

/// The numbers of users that a worker gives to what it starts, when it is root: nobody else on the host has them.
package struct UserRange: Sendable, Hashable {
    /// For helpers of the host; the rest is for sessions.
    package static let helpers = 16
    package var first: UInt32
    package var last: UInt32

    package init(first: UInt32, last: UInt32) {
        self.first = first
        self.last = last
    }

    /// Who holds the guests' network and carries its packets.
    package var network: Account { Account(userID: first) }
    /// Who carries displays to browsers.
    package var display: Account { Account(userID: first + 1) }
    /// Who tries out guests that are no session's.
    package var probe: Account { Account(userID: first + 2) }

    /// The lowest user of a session that is not taken, or nil if all are.
    package func free(besides taken: Set<UInt32>) -> UInt32? {
        let lowest = first + UInt32(Self.helpers)
        return lowest <= last ? (lowest...last).first { !taken.contains($0) } : nil
    }
}
