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
    private let state: Mutex<State>

    init(options: GatewayOptions) {
        proxies = options.proxies
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

    /// Counts a connection as a viewer of the display behind `socket`.
    /// - Returns: Whether there is room for it.
    func promote(_ id: ConnectionTable.ID, _ channel: any Channel, head: RequestHead, socket: String) -> Bool {
        let client = ClientAddress.client(
            peer: Self.address(of: channel), forwardedFor: head.values("x-forwarded-for"), proxies: proxies)
        return state.withLock { $0.table.promote(id, client: Self.key(client), session: socket) }
    }

    func remove(_ id: ConnectionTable.ID) {
        state.withLock { state in
            state.table.remove(id)
            state.channels[id] = nil
        }
    }

    private static func address(of channel: any Channel) -> ClientAddress? {
        channel.remoteAddress?.ipAddress.flatMap { ClientAddress($0) }
    }

    private static func key(_ address: ClientAddress?) -> String { address?.throttleKey ?? "" }
}
