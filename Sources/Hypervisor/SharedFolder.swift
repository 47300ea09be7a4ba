package import Processes

/// A directory of this host that a machine gets.
package struct SharedFolder: Sendable, Hashable {
    /// Under which name the guest finds it.
    package var tag: String
    /// Absolute; what it leads to has been looked at, and is compared with what the file server has got.
    package var path: String
    package var identity: FileIdentity
    package var isReadOnly: Bool
    /// As whom files are read and written, with one group, since virtiofsd gives up all others; nil for the session's own user, who
    /// may what everybody may.
    package var account: Account?
    /// The number of the guest's user to whom belong the files of whom it is.
    package var guestUser: UInt32
    /// How large a file in it may become, in bytes; nil: as large as the host lets it.
    package var mostBytes: Int?

    /// Why this host can serve no folders, and the way out; nil if it can.
    package static var hostProblem: String? {
        Programs.find(FileServer.program) == nil
            ? "\(FileServer.program) is not there: apt-get install \(FileServer.package)" : nil
    }

    package init(
        tag: String, path: String, identity: FileIdentity, isReadOnly: Bool, account: Account?, guestUser: UInt32
    ) {
        self.tag = tag
        self.path = path
        self.identity = identity
        self.isReadOnly = isReadOnly
        self.account = account
        self.guestUser = guestUser
    }
}
