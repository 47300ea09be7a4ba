import Glibc

/// Whose a file is, and who may do what with it.
package struct FileRights: Sendable, Hashable {
    package var user: UInt32
    package var group: UInt32
    /// The twelve bits of chmod(2).
    package var mode: UInt32

    package init(user: UInt32, group: UInt32, mode: UInt32) {
        (self.user, self.group, self.mode) = (user, group, mode)
    }

    /// - Returns: Nil if there is no such file. A link is followed.
    package init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        (user, group, mode) = (status.st_uid, status.st_gid, status.st_mode & 0o7777)
    }

    /// Sets them for another file, and for no link: its target may be anything. Only root may give a file to somebody else.
    package func set(of path: String) throws(ProcessError) {
        guard lchown(path, user, group) == 0, fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw ProcessError(
                .system, "Can't give \(path) to user \(user) and group \(group): \(String(cString: strerror(errno)))")
        }
    }

    /// The user's name, which means the same on another host, or its number where it has none.
    package var userName: String { getpwuid(user).map { String(cString: $0.pointee.pw_name) } ?? "\(user)" }

    package var groupName: String { getgrgid(group).map { String(cString: $0.pointee.gr_name) } ?? "\(group)" }

    /// - Returns: Nil where this host has no such user or group, or can't say.
    package init?(userName: String, groupName: String, mode: UInt32) {
        guard let user = uid_t(userName) ?? (try? HostAccount.find(userName))?.userID,
            let group = gid_t(groupName) ?? getgrnam(groupName)?.pointee.gr_gid
        else { return nil }
        (self.user, self.group, self.mode) = (user, group, mode)
    }
}
