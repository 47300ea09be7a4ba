/// The namespaces that every program of a build runs in.
///
/// A process id namespace ends with its first process: killing `unshare` leaves no child of mmdebstrap, apt or dpkg behind.
/// The mount namespace keeps mmdebstrap's mounts from the host. A user who is not root becomes root of a user namespace, with
/// the subordinate ids of /etc/subuid as the other users of the new system.
struct NamespaceSandbox: Sendable {
    var isRoot: Bool

    /// The program and arguments that run `program` inside.
    func arguments(_ program: String, _ arguments: [String]) -> [String] {
        // Its own /proc as well: syslinux looks itself up there.
        var options = ["--fork", "--pid", "--kill-child", "--mount", "--mount-proc"]
        if !isRoot { options = ["--map-root-user", "--map-auto"] + options }
        return options + ["--", program] + arguments
    }

    /// What to tell somebody for whom the namespaces can't be made.
    var advice: String {
        isRoot
            ? "The build needs CAP_SYS_ADMIN, which containers often lack: run it on the host, or give the container that right."
            : """
            Run it as root (sudo), or let this user make user namespaces: \
            sysctl kernel.unprivileged_userns_clone=1, and a line for the user in /etc/subuid and in /etc/subgid \
            (usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER).
            """
    }
}
