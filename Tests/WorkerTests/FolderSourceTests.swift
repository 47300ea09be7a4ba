import Catalogue
import Domain
import Foundation
import Glibc
import Processes
import Testing

@testable import Hypervisor
@testable import Worker

/// Who gets which directory of a host, and as whom.
@Suite(.enabled(if: geteuid() == 0, "only root serves files as their owner"))
struct FolderSourceTests {
    private let root = "/tmp/qwd-folder-sources-\(UInt32.random(in: 0...UInt32.max))"
    private static let people: [String: FolderOwner] = [
        "ann": FolderOwner(userID: 300_801, groupID: 300_901, groups: [300_901, 300_902]),
        "bob": FolderOwner(userID: 300_802, groupID: 300_903),
        "root": FolderOwner(userID: 0, groupID: 0), "daemon": FolderOwner(userID: 1, groupID: 1),
        "nobody": FolderOwner(userID: 65_534, groupID: 65_534),
        "machine": FolderOwner(userID: 200_020, groupID: 200_020),
        "..": FolderOwner(userID: 300_803, groupID: 300_803), "a/b": FolderOwner(userID: 300_804, groupID: 300_804),
    ]

    init() throws {
        for (name, account) in Self.people where !name.contains("/") && name != ".." {
            let path = "\(root)/home/\(name)"
            try Files.makeDirectory(path)
            try Account(userID: account.userID).own(path, mode: 0o700)
        }
        try Files.makeDirectory("\(root)/data")
        for path in [root, "\(root)/home", "\(root)/data"] { chmod(path, 0o755) }
    }

    private func found(
        _ owner: PersonName, _ folders: [HostFolder], groups: [String] = [], isKnown: Bool = true,
        wants: Bool = true, mounts: [String]? = nil, isRoot: Bool = true
    ) async throws -> (shared: [SharedFolder], outcomes: [SessionFolder]) {
        defer { Files.remove(root) }
        var request = SessionRequest(
            owner: owner, machine: "m", resources: Resources(cpu: 1, memoryMiB: 64, diskGiB: 1), lifetimeSeconds: 0,
            oneShot: false)
        (request.isOwnerKnown, request.groups, request.wantsFolders) = (isKnown, groups, wants)
        let sources = FolderSources(
            folders: folders, isRoot: isRoot, reserved: 200_000...265_535, account: { Self.people[$0] })
        var machine = try Machine(file: "/usr/lib/grub-rescue/grub-rescue-cdrom.iso")
        machine.mounts = mounts
        return await sources.folders(for: request, machine: machine)
    }

    private var home: HostFolder {
        var folder = HostFolder(path: "\(root)/home/{user}", tag: "home")
        folder.isReadOnly = false
        return folder
    }

    private var data: HostFolder { HostFolder(path: "\(root)/data", tag: "data") }

    @Test func `a person gets his own directory as himself`() async throws {
        let (shared, outcomes) = try await found("ann", [home, data])
        #expect(shared.map(\.path) == ["\(root)/home/ann", "\(root)/data"])
        #expect(shared.map(\.account) == [300_801, 300_801].map { Account(userID: $0, groupID: 300_901) })
        #expect(outcomes.map(\.text) == ["home rw", "data ro"])
    }

    @Test func `a directory's group is the file server's, if the person belongs to it`() async throws {
        chown("\(root)/data", 0, 300_902)
        #expect(try await found("ann", [data]).shared.first?.account?.groupID == 300_902)
    }

    @Test func `who has only typed a name gets what is for everybody, as nobody`() async throws {
        let (shared, outcomes) = try await found("ann", [home, data], isKnown: false)
        #expect(shared.map(\.tag) == ["data"] && shared.first?.account == nil)
        #expect(outcomes.map(\.tag) == ["data"])
        var writable = data
        writable.isReadOnly = false
        let nobodys = try await found("ann", [writable], isKnown: false)
        #expect(nobodys.shared.isEmpty && nobodys.outcomes.first?.problem == "ann has no account on this host")
    }

    @Test(arguments: ["root", "daemon", "nobody", "machine", "stranger"])
    func `nobody is served as the system, or as a machine`(name: String) async throws {
        try? Files.makeDirectory("\(root)/home/\(name)")
        let (shared, outcomes) = try await found(PersonName(recorded: name), [home, data])
        #expect(shared.map(\.tag) == ["data"] && shared.first?.account == nil)
        #expect(outcomes.first?.problem == "\(name) has no account on this host")
    }

    @Test(arguments: ["..", "a/b", "."]) func `a name that is no directory's gets none`(name: String) async throws {
        let (shared, outcomes) = try await found(PersonName(recorded: name), [home])
        #expect(shared.isEmpty && outcomes.first?.problem?.contains("can't be the name of a directory") == true)
    }

    @Test func `a link in the place of a person's directory is not followed`() async throws {
        Files.remove("\(root)/home/bob")
        try Files.link("\(root)/home/bob", to: "\(root)/home/ann")
        let (shared, outcomes) = try await found("bob", [home])
        #expect(shared.isEmpty && outcomes.first?.problem?.contains("is a link") == true)
    }

    @Test func `a link that an administrator has made is followed`() async throws {
        try Files.link("\(root)/elsewhere", to: "\(root)/home")
        #expect(
            try await found("ann", [HostFolder(path: "\(root)/elsewhere/{user}")]).shared.map(\.path) == [
                "\(root)/home/ann"
            ])
    }

    @Test func `what is not there, or not to be entered, is said`() async throws {
        chown("\(root)/home/bob", 0, 0)
        let (shared, outcomes) = try await found("bob", [home, HostFolder(path: "\(root)/none"), data])
        #expect(shared.map(\.tag) == ["data"])
        #expect(
            outcomes.map(\.problem) == [
                "bob may not enter \(root)/home/bob", "this host has no directory \(root)/none", nil,
            ])
    }

    @Test func `only whom it is for gets a folder`() async throws {
        var staff = data
        (staff.users, staff.groups) = (["bob"], ["staff"])
        #expect(try await found("ann", [staff]).outcomes.isEmpty)
    }

    @Test func `groups count, in whatever form the directory tells them`() async throws {
        var staff = data
        (staff.users, staff.groups) = ([], ["staff"])
        #expect(try await found("ann", [staff], groups: ["cn=staff,dc=example"]).shared.count == 1)
    }

    @Test func `a machine's section chooses among them, and so does the person`() async throws {
        #expect(try await found("ann", [home, data], mounts: ["data"]).shared.map(\.tag) == ["data"])
    }

    @Test func `a person may want none`() async throws {
        #expect(try await found("ann", [home, data], wants: false).outcomes.isEmpty)
    }

    @Test func `a worker that is not root serves only what all may read`() async throws {
        let (shared, outcomes) = try await found("ann", [home, data], isRoot: false)
        #expect(shared.map(\.tag) == ["data"])
        #expect(outcomes.first?.problem == "only a worker that is root can serve it to its owner")
    }
}
