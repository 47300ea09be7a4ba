import Domain
import NIOCore
import Synchronization

/// The connections that there are, and their channels.
final class Admissions: Sendable {
    private struct State {
        var table: ConnectionTable
        var channels: [ConnectionTable.ID: any Channel] = [:]
    }

    private let proxies: [IPNetwork]
    private let report: ViewerReport
    private let state: Mutex<State>

    init(options: GatewayOptions, report: ViewerReport) {
        proxies = options.proxies
        self.report = report
        state = Mutex(State(table: ConnectionTable(limits: options.limits)))
    }

    /// Takes a connection in, and ends a stranger's if that has to make room.
    /// - Returns: Nil if there is no room.
    func admit(_ channel: any Channel) -> ConnectionTable.ID? {
        let peer = Self.address(of: channel)
        let isProxy = peer.map { peer in proxies.contains { $0.contains(peer) } } ?? false
        let (id, evicted) = state.withLock { state -> (ConnectionTable.ID?, (any Channel)?) in
            guard case .admitted(let id, let evicted) = state.table.admit(isProxy ? nil : Self.key(peer)) else {
                return (nil, nil)
            }
            state.channels[id] = channel
            return (id, evicted.flatMap { state.channels.removeValue(forKey: $0) })
        }
        evicted?.close(promise: nil)
        return id
    }

    /// Counts a connection as a viewer of the display that `token` opens.
    /// - Returns: Whether there is room for it.
    func promote(_ id: ConnectionTable.ID, _ channel: any Channel, head: RequestHead, token: String) -> Bool {
        let client = ClientAddress.client(
            peer: Self.address(of: channel), forwardedFor: head.values("x-forwarded-for"), proxies: proxies)
        return state.withLock { state in
            guard state.table.promote(id, client: Self.key(client), session: token) else { return false }
            if state.table.viewers(of: token) == 1 { report.changed(token, isWatched: true) }
            return true
        }
    }

    func remove(_ id: ConnectionTable.ID) {
        state.withLock { state in
            state.channels[id] = nil
            if let token = state.table.remove(id), state.table.viewers(of: token) == 0 {
                report.changed(token, isWatched: false)
            }
        }
    }

    private static func address(of channel: any Channel) -> ClientAddress? {
        channel.remoteAddress?.ipAddress.flatMap { ClientAddress($0) }
    }

    private static func key(_ address: ClientAddress?) -> String { address?.throttleKey ?? "" }
}
