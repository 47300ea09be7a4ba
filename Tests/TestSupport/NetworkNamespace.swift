import CLinux
import Glibc

/// Networks beside ours, made by `ip netns add` (ip-netns(8)).
package enum NetworkNamespace {
    package static func path(_ name: String) -> String { "/run/netns/\(name)" }

    /// Brings the calling thread into a network, and no other thread. The sockets that it makes stay there.
    /// - Returns: Whether it is there.
    package static func enter(_ path: String) -> Bool {
        let namespace = open(path, O_RDONLY | O_CLOEXEC)
        guard namespace >= 0 else { return false }
        defer { close(namespace) }
        // CLONE_NEWNET
        return setns(namespace, 0x4000_0000) == 0
    }
}
