import Glibc

/// A program as it is to be started: what it is, as whom it runs and what it may see. All programs go this way, whether
/// they outlive us (`DetachedProcess`) or are waited for (`ForegroundProcess`).
package struct Program: Sendable {
    package var name: String
    package var arguments: [String]
    /// The Debian package that has it, for the error when it is missing.
    package var package: String
    /// As whom it runs. Only root can choose; nil: as we do.
    package var account: Account?
    /// What it sees of this host. Nil: what we see.
    package var sandbox: Sandbox?
    /// The number under which it knows its user and group, with all rights over what is theirs, in a user namespace in which there is
    /// nobody else. It needs a sandbox. Nil: nobody has a number there, and it has no rights.
    package var knownAs: UInt32?
    /// A process whose network it gets in place of ours.
    package var network: ProcessHandle?
    /// How many descriptors it may have. Nil: as many as we.
    package var descriptors: Int?
    /// How large it may make any file, in bytes. One that goes beyond is ended by the kernel (SIGXFSZ).
    package var fileBytes: Int?
    /// Whether it is told that a file can't grow, in place of being ended.
    package var survivesFileLimit = false
    /// How much memory it may lock, in bytes. Nil: as much as we.
    package var lockedBytes: Int?

    package init(_ name: String, _ arguments: [String] = [], package: String) {
        self.name = name
        self.arguments = arguments
        self.package = package
    }

    /// The whole command line: each word enters a namespace or gives up a right, and starts the next one. No shell is between.
    func command() throws(ProcessError) -> [String] {
        var words: [String] = []
        let path = try Self.path(of: name, package: package)
        let limits =
            (descriptors.map { ["--nofile=\($0):\($0)"] } ?? []) + (fileBytes.map { ["--fsize=\($0):\($0)"] } ?? [])
            + (lockedBytes.map { ["--memlock=\($0):\($0)"] } ?? [])
        // First, because only root may raise a limit.
        if !limits.isEmpty { words += [try Self.path(of: "prlimit", package: "util-linux")] + limits }
        if let network { words += try Self.enter(network) }
        if var sandbox {
            // One that an administrator has put elsewhere.
            if !Sandbox.shows(path) { sandbox.readOnly.append(Sandbox.Mount(path)) }
            words.append(try Self.path(of: Sandbox.program, package: Sandbox.package))
            words += sandbox.arguments(ofOwnUser: account == nil)
            if account == nil, let knownAs {
                words += ["--uid", "\(knownAs)", "--gid", "\(knownAs)", "--cap-add", "ALL"]
            }
        }
        if let account { words += try account.command() }
        // bubblewrap made the mounts as root, so its user namespace is ours: it is entered when all rights are given up.
        if let sandbox, account != nil, !sandbox.joinsNamespaces {
            words += [try Self.path(of: "unshare", package: "util-linux"), "--user"]
            if let knownAs { words += ["--map-user=\(knownAs)", "--map-group=\(knownAs)", "--keep-caps"] }
        }
        if survivesFileLimit {
            words += [try Self.path(of: "env", package: "coreutils"), "--ignore-signal=XFSZ"]
        }
        return words + [path] + arguments
    }

    private static func enter(_ network: ProcessHandle) throws(ProcessError) -> [String] {
        let nsenter = [try path(of: "nsenter", package: "util-linux"), "--target", "\(network.pid)", "--net"]
        // Who is not root may enter only as the owner of the user namespace that the network belongs to.
        return geteuid() == 0 ? nsenter : nsenter + ["--user", "--preserve-credentials"]
    }

    /// Where it is, through links up to the system's own directories, which every sandbox has. Not further: passt looks at
    /// the name by which it is called.
    fileprivate static func path(of name: String, package: String) throws(ProcessError) -> String {
        if var path = Programs.find(name) {
            while !Sandbox.shows(path), let target = Files.target(of: path), target.hasPrefix("/") { path = target }
            return path
        }
        throw ProcessError(.missingProgram, "\(name) is not installed. Install it: apt-get install \(package)")
    }
}

/// A user that need not stand in /etc/passwd.
package struct Account: Sendable, Hashable {
    package var userID: UInt32
    package var groupID: UInt32
    /// Groups besides its own.
    package var groups: [UInt32]

    /// - Parameter groupID: Nil: a group of the same number.
    package init(userID: UInt32, groupID: UInt32? = nil, groups: [UInt32] = []) {
        self.userID = userID
        self.groupID = groupID ?? userID
        self.groups = groups
    }

    /// Gives a file or directory to this account, and to nobody else.
    package func own(_ path: String, mode: UInt32) throws(ProcessError) {
        try FileRights(user: userID, group: groupID, mode: mode).set(of: path)
    }

    fileprivate func command() throws(ProcessError) -> [String] {
        [
            try Program.path(of: "setpriv", package: "util-linux"), "--reuid", "\(userID)", "--regid", "\(groupID)",
            groups.isEmpty ? "--clear-groups" : "--groups=\(groups.map(String.init).joined(separator: ","))",
            "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all",
        ]
    }
}
