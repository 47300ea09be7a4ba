import Glibc
import Processes

/// As whom a person's folders are served: an account of this host, with its groups.
package struct FolderOwner: Sendable, Hashable {
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

    /// Nil if there is no such account, spelled so, or nobody can say. Blocks.
    package init?(named name: String) {
        // Who can't be found out is served nothing.
        guard let account = try? HostAccount.find(name), account.name?.utf8.elementsEqual(name.utf8) == true else {
            return nil
        }
        var numbers = [gid_t](repeating: 0, count: 1 << 16)
        var count = CInt(numbers.count)
        let isComplete = getgrouplist(name, account.groupID, &numbers, &count) >= 0
        self.init(
            userID: account.userID, groupID: account.groupID,
            groups: isComplete ? Array(numbers.prefix(Int(count))) : [])
    }

    /// As whom a directory is served: a file server has one group, which is the directory's if the person belongs to it.
    func account(for directory: String) -> Account {
        var status = stat()
        let isMember = stat(directory, &status) == 0 && groups.contains(status.st_gid)
        return Account(userID: userID, groupID: isMember ? status.st_gid : groupID)
    }
}
