import CLinux
import Dispatch
import Glibc
import Processes

/// Tells when this host's addresses or routes change, since it was made.
struct RouteChanges: Sendable {
    /// Also without a change everything is looked at again now and then: of a new resolver nothing tells.
    private static let longestWait = Duration.seconds(10)
    private let socket: RouteSocket

    init() throws(ProcessError) {
        let groups = [RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR]
        socket = try RouteSocket(groups: groups.reduce(0) { $0 | 1 << ($1.rawValue - 1) })
    }

    /// Returns when there is a change, one of the processes has ended, some time has passed, or on cancellation.
    func next(or processes: [ProcessHandle]) async {
        let (changed, told) = AsyncStream.makeStream(of: Void.self)
        let source = DispatchSource.makeReadSource(fileDescriptor: socket.descriptor.number, queue: .global())
        // What has changed is read from the tables, after the next listener is there.
        source.setEventHandler { told.finish() }
        // Dispatch must let go of the descriptor before it is closed.
        source.setCancelHandler { withExtendedLifetime(self.socket) {} }
        source.resume()
        defer { source.cancel() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in changed {} }
            for process in processes { group.addTask { _ = await process.waitForEnd() } }
            group.addTask { try? await Task.sleep(for: Self.longestWait) }
            await group.next()
            group.cancelAll()
        }
    }
}
