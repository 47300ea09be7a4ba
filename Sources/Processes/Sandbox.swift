import Glibc

/// What a program sees of this host, made by bubblewrap: the system's programs and libraries read-only, an empty /dev, and
/// what is named here. Nothing else has a name there. It has mount, IPC, host name, cgroup and user namespaces of its own.
package struct Sandbox: Sendable {
    static let program = "bwrap"
    static let package = "bubblewrap"

    /// A file or directory of this host, and its name in the sandbox.
    package struct Mount: Sendable, Hashable {
        package var source: String
        package var path: String

        /// - Parameter path: Nil means the same name.
        package init(_ source: String, at path: String? = nil) {
            self.source = source
            self.path = path ?? source
        }
    }

    package var readOnly: [Mount] = []
    package var writable: [Mount] = []
    /// Devices besides null, zero, full, random, urandom and tty. Those that this host lacks are left out.
    package var devices: [Mount] = []
    /// Empty directories that the program needs.
    package var directories: [String] = []
    /// Whether it has our network, and not one without any device.
    package var sharesNetwork = false
    /// Which processes it sees and may signal: itself alone, without or with a /proc, or all of this host.
    package enum Processes: Sendable { case itself, itselfInProc, all }
    package var processes = Processes.itself
    /// Whether it enters another process's namespaces, for which it must have no user namespace of its own.
    package var joinsNamespaces = false
    /// Whether it gives up root's rights where we are root and it has no account of its own.
    package var dropsRights = false

    /// System calls that it is refused. For programs that outlive us alone.
    package var filter: SystemCallFilter?

    package init() {}

    /// Whether every sandbox shows what is there.
    static func shows(_ path: String) -> Bool {
        ["/usr/", "/bin/", "/sbin/", "/lib"].contains { path.hasPrefix($0) }
    }

    /// bubblewrap's arguments (bwrap(1)).
    /// - Parameter ofOwnUser: Whether bubblewrap also makes the user namespace, as it must where we are not root.
    func arguments(ofOwnUser: Bool) -> [String] {
        var words = ["--ro-bind", "/usr", "/usr"]
        // Debian's /bin, /lib and so on are links into /usr.
        for name in ["bin", "sbin", "lib", "lib32", "lib64", "libx32"] where Files.target(of: "/\(name)") != nil {
            words += ["--symlink", "usr/\(name)", "/\(name)"]
        }
        words += ["--dev", "/dev", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
        if !sharesNetwork { words.append("--unshare-net") }
        if ofOwnUser { words.append("--unshare-user") }
        if dropsRights { words += ["--cap-drop", "ALL"] }
        switch processes {
        // Process 1 of its namespace, so that nothing stands between it and us.
        case .itself: words += ["--unshare-pid", "--as-pid-1"]
        case .itselfInProc: words += ["--unshare-pid", "--as-pid-1", "--proc", "/proc"]
        case .all: words += ["--bind", "/proc", "/proc"]
        }
        let library = [Mount("/etc/ld.so.cache"), Mount("/etc/alternatives")]
        for mount in library { words += parents(of: mount.path) + ["--ro-bind-try", mount.source, mount.path] }
        for path in directories { words += parents(of: path) + ["--perms", "0755", "--dir", path] }
        for mount in readOnly { words += parents(of: mount.path) + ["--ro-bind", mount.source, mount.path] }
        for mount in writable { words += parents(of: mount.path) + ["--bind", mount.source, mount.path] }
        for mount in devices { words += parents(of: mount.path) + ["--dev-bind-try", mount.source, mount.path] }
        // What is made here is memory. Only where we are not root would it be the program's own and it could fill it.
        return words + ["--remount-ro", "/dev", "--remount-ro", "/"]
    }

    /// bubblewrap makes the directories above a mount for root alone, if the mount is so.
    private func parents(of path: String) -> [String] {
        let names = path.split(separator: "/").dropLast()
        return names.indices.flatMap { last in
            ["--perms", "0755", "--dir", "/" + names[...last].joined(separator: "/")]
        }
    }
}
