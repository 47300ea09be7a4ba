import Catalogue
package import Domain
import Hypervisor
import Machines
import Processes

/// Which directories of this host sessions get, and as whom.
package struct FolderSources: Sendable {
    package var folders: [HostFolder]
    /// Whether programs can be started as others: only root can.
    package var isRoot: Bool
    /// Numbers of users that are nobody's account, whatever the host's name service says.
    package var reserved: ClosedRange<UInt32>?
    /// Who a person is on this host; nil for nobody.
    package var account: @Sendable (String) -> FolderOwner?

    package init(
        folders: [HostFolder] = [], isRoot: Bool = false, reserved: ClosedRange<UInt32>? = nil,
        account: @escaping @Sendable (String) -> FolderOwner? = { FolderOwner(named: $0) }
    ) {
        self.folders = folders
        self.isRoot = isRoot
        self.reserved = reserved
        self.account = account
    }

    /// Directories may be on other hosts, which may not answer.
    private static let limit = Duration.seconds(10)

    /// The folders of a session, in the order of the configuration.
    /// - Returns: Those that it gets, and what became of each.
    func folders(
        for request: SessionRequest, machine: Machine
    ) async -> (shared: [SharedFolder], outcomes: [SessionFolder]) {
        guard request.wantsFolders else { return ([], []) }
        let wanted = folders.filter { folder in
            (machine.mounts?.contains(folder.tag) ?? true)
                && folder.isFor(request.owner, groups: request.groups, isKnown: request.isOwnerKnown)
        }
        if !wanted.isEmpty, let problem = SharedFolder.hostProblem {
            return ([], wanted.map { SessionFolder(tag: $0.tag, isReadOnly: $0.isReadOnly, problem: problem) })
        }
        var shared: [SharedFolder] = []
        var outcomes: [SessionFolder] = []
        for folder in wanted {
            var outcome = SessionFolder(tag: folder.tag, isReadOnly: folder.isReadOnly)
            do throws(FolderProblem) {
                shared.append(try await candidate(folder, request))
            } catch {
                outcome.problem = error.text
            }
            outcomes.append(outcome)
        }
        return (shared, outcomes)
    }

    /// A folder that can be served.
    private func candidate(_ folder: HostFolder, _ request: SessionRequest) async throws(FolderProblem) -> SharedFolder
    {
        // A thread of its own: one disk that hangs keeps no other waiting.
        let found = await FileThreads(width: 1).result(within: Self.limit) {
            Result { () throws(FolderProblem) in try place(folder, request) }
        }
        guard let found else { throw FolderProblem("its disk does not answer") }
        let candidate = try found.get()
        try await tryEntering(candidate, of: request.owner)
        return candidate
    }

    /// Where a folder is for a person, and as whom it is served. Waits for the disk.
    private func place(_ folder: HostFolder, _ request: SessionRequest) throws(FolderProblem) -> SharedFolder {
        let owner = request.owner
        guard let path = folder.path(for: owner) else {
            throw FolderProblem("\(owner.text) can't be the name of a directory")
        }
        let account = isRoot && request.isOwnerKnown ? self.account(owner.text).flatMap(accepted) : nil
        if account == nil, folder.isPersonal || !folder.isReadOnly {
            throw FolderProblem(
                isRoot
                    ? "\(owner.text) has no account on this host"
                    : "only a worker that is root can serve it to its owner")
        }
        // Up to the person's name an administrator may have made links; from there on others may.
        var place = ""
        var isOthers = false
        for (word, written) in zip(path.split(separator: "/"), folder.path.split(separator: "/")) {
            place += "/\(word)"
            isOthers = isOthers || written == HostFolder.userSymbol
            if isOthers, Files.target(of: place) != nil {
                throw FolderProblem("\(place) is a link, which could lead anywhere")
            }
        }
        guard let real = Files.real(path), let identity = FileIdentity(real), Files.isDirectory(real) else {
            throw FolderProblem("this host has no directory \(path)")
        }
        return SharedFolder(
            tag: folder.tag, path: real, identity: identity, isReadOnly: folder.isReadOnly,
            account: account?.account(for: real), guestUser: folder.guestUser)
    }

    /// An account of a person, and not one of the system's or of our own.
    private func accepted(_ account: FolderOwner) -> FolderOwner? {
        guard account.userID >= FolderOwner.firstPerson, account.userID != FolderOwner.nobody,
            reserved?.contains(account.userID) != true
        else { return nil }
        return account
    }

    /// Whether who serves a folder may enter it: else its machine would not even start.
    private func tryEntering(_ folder: SharedFolder, of owner: PersonName) async throws(FolderProblem) {
        var program = Program("test", ["-x", folder.path], package: "coreutils")
        program.account = folder.account ?? (isRoot ? Account(userID: FolderOwner.nobody) : nil)
        let trial = program
        let result = try? await ForegroundProcess.run(trial, limit: Self.limit)
        guard result?.isSuccess == true else {
            throw FolderProblem(
                folder.account == nil
                    ? "not everybody may enter \(folder.path)" : "\(owner.text) may not enter \(folder.path)")
        }
    }
}

/// Why a session has not got a folder, for its owner and the administrator.
struct FolderProblem: Error {
    var text: String

    init(_ text: String) { self.text = text.split(separator: "\n").joined(separator: " ") }
}
