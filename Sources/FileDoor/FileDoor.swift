import Foundation
import Glibc
package import Processes
import Synchronization

/// What a folder may have, and how long nobody is waited for.
package struct DoorLimits: Sendable {
    /// Bytes that may be in the folder.
    package var bytes: Int
    /// Bytes of its disk that stay free.
    package var reserve: Int
    /// Seconds after which a silent connection, and a door without any, ends.
    package var patience = 30
    /// Archives that are made at one time: each is a process that reads all files.
    let archives = Room(2)

    package init(bytes: Int, reserve: Int) {
        self.bytes = bytes
        self.reserve = reserve
    }
}

/// Accepts connections until nobody has come for a while. Blocks.
package enum FileDoor {
    /// Pages and downloads of one person at one time.
    private static let most = 16

    /// - Parameter listener: The listening socket.
    package static func serve(_ listener: Descriptor, _ directory: ExchangeDirectory, _ limits: DoorLimits) {
        let connections = Room(most)
        directory.forgetParts()
        while true {
            var poller = pollfd(fd: listener.number, events: Int16(POLLIN), revents: 0)
            let count = poll(&poller, 1, CInt(limits.patience * 1000))
            if count == 0, connections.isEmpty { return }
            guard count > 0 else { continue }
            let number = accept(listener.number, nil, nil)
            guard number >= 0 else { continue }
            let socket = Descriptor(number)
            guard connections.begin() else { continue }
            Thread.detachNewThread {
                var connection = DoorConnection(socket, directory, limits)
                connection.serve()
                connections.end()
            }
        }
    }
}

/// So many at one time, and no more.
final class Room: Sendable {
    private let taken = Mutex(0)
    private let most: Int

    init(_ most: Int) { self.most = most }

    var isEmpty: Bool { taken.withLock { $0 == 0 } }

    /// - Returns: Whether there was room for one more.
    func begin() -> Bool {
        taken.withLock { taken in
            guard taken < most else { return false }
            taken += 1
            return true
        }
    }

    func end() { taken.withLock { $0 -= 1 } }
}
