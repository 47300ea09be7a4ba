import Glibc
import Processes

/// Somebody's account on this host, from wherever the name service has it (nsswitch.conf(5)).
package struct HostAccount: Sendable, Hashable {
    package var userID: UInt32
    package var groupID: UInt32
    /// All groups, by number.
    package var groups: [UInt32]

    /// Debian gives lower numbers to the system's own accounts (Debian Policy 9.2.2).
    package static let firstPerson: UInt32 = 1000
    package static let nobody: UInt32 = 65_534

    package init(userID: UInt32, groupID: UInt32, groups: [UInt32] = []) {
        self.userID = userID
        self.groupID = groupID
        self.groups = groups
    }

    /// Nil if there is none, or nobody can say. Blocks.
    package init?(named name: String) {
        // Long enough for every entry that a name service was seen to have.
        var buffer = [CChar](repeating: 0, count: 1 << 16)
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, let found,
            let known = found.pointee.pw_name, String(cString: known).utf8.elementsEqual(name.utf8)
        else { return nil }
        userID = found.pointee.pw_uid
        groupID = found.pointee.pw_gid
        var numbers = [gid_t](repeating: 0, count: 1 << 16)
        var count = CInt(numbers.count)
        groups = getgrouplist(name, groupID, &numbers, &count) < 0 ? [] : Array(numbers.prefix(Int(count)))
    }

    /// As whom a directory is served: a file server has one group, which is the directory's if the person belongs to it.
    func account(for directory: String) -> Account {
        var status = stat()
        let isMember = stat(directory, &status) == 0 && groups.contains(status.st_gid)
        return Account(userID: userID, groupID: isMember ? status.st_gid : groupID)
    }
}
