@testable import Catalogue
import Domain
import Foundation
import Glibc
@testable import Hypervisor
@testable import Machines
import Processes
import QMP
import Synchronization
import Testing

/// Real guests with directories of this host.
@Suite(
    .timeLimit(.minutes(5)), .serialized, .enabled(if: LinuxGuest.isThere, "there is no kernel: scripts/setup test"),
    .enabled(if: geteuid() == 0, "only root serves files as their owner"))
struct FolderTests {
    private let root = "/tmp/qwd-folders-\(UInt32.random(in: 0...UInt32.max))"
    private static let ann = Account(userID: 300_501, groupID: 300_601)
    private static let bob = Account(userID: 300_502)

    private func directory(_ name: String, of account: Account, mode: UInt32 = 0o700) throws -> String {
        let path = "\(root)/\(name)"
        try Files.makeDirectory(path)
        chmod(root, 0o755)
        try account.own(path, mode: mode)
        return path
    }

    private func write(_ text: String, _ path: String, of account: Account, mode: UInt32 = 0o600) throws {
        try Files.write(text, to: path)
        try account.own(path, mode: mode)
    }

    private func folder(
        _ tag: String, _ path: String, readOnly: Bool = false, as account: Account?
    ) throws -> SharedFolder {
        SharedFolder(
            tag: tag, path: path, identity: try #require(FileIdentity(path)), isReadOnly: readOnly, account: account,
            guestUser: 1000)
    }

    private func owner(_ path: String) -> (user: UInt32, group: UInt32, mode: UInt32)? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        return (status.st_uid, status.st_gid, status.st_mode & 0o7777)
    }

    /// A guest with a user of the number 1000, who does something, and then root does.
    private func guest(_ kitchen: ImageKitchen, tags: [String], user: String, root: String) throws -> String {
        try LinuxGuest.make(
            kitchen, modules: LinuxGuest.folders,
            commands: """
                mkdir -p /etc /mnt; echo 'root::0:0::/:/bin/sh' >/etc/passwd; echo 'user::1000:1000::/:/bin/sh' >>/etc/passwd
                chmod 755 /
                for tag in \(tags.joined(separator: " ")); do mkdir -p /mnt/$tag; mount -t virtiofs $tag /mnt/$tag || echo "no $tag"; done
                cat > /tmp/user <<'END'
                \(user)
                END
                su user -c 'sh /tmp/user'
                \(root)
                echo "that was all"
                """)
    }

    @Test func `files are read and written as their owner, whoever is root in the guest`() async throws {
        defer { Files.remove(root) }
        let (anns, bobs) = (try directory("ann", of: Self.ann), try directory("bob", of: Self.bob, mode: 0o755))
        let data = try directory("data", of: Self.bob, mode: 0o777)
        let group = try directory("group", of: Account(userID: 300_502, groupID: 300_701), mode: 0o770)
        try write("a secret of ann", "\(anns)/secret", of: Self.ann)
        try write("a secret of bob", "\(bobs)/secret", of: Self.bob)
        try write("for all to read", "\(data)/public", of: Self.bob, mode: 0o644)
        try Files.link("\(anns)/out", to: "\(bobs)/secret")
        try Files.link("\(anns)/up", to: "../bob")
        let kitchen = try ImageKitchen()
        let path = try guest(
            kitchen, tags: ["home", "other", "data", "group"],
            user: """
                cat /mnt/home/secret; echo
                echo written >/mnt/home/new; mkdir /mnt/home/sub; echo more >/mnt/home/sub/more; chmod 4755 /mnt/home/new
                stat -c 'seen as %u:%g' /mnt/home/new
                rm -f /mnt/home/none; mv /mnt/home/sub/more /mnt/home/moved
                cat /mnt/home/out /mnt/home/up/secret /mnt/home/../bob/secret /mnt/other/secret
                ls /mnt/other; echo x >/mnt/other/made
                cat /mnt/data/public; echo
                echo x >/mnt/data/made; rm -f /mnt/data/public
                echo together >/mnt/group/made
                """,
            root: """
                cat /mnt/home/secret /mnt/other/secret; ls -R /mnt/other
                echo x >/mnt/home/by-root; mknod /mnt/home/device c 1 3; chown 0:0 /mnt/home/new; echo x >/mnt/data/made
                mount -o remount,rw /mnt/data; echo x >/mnt/data/made; chmod 777 /mnt/other
                """)
        try await LinuxGuest.run(
            path,
            folders: [
                folder("home", anns, as: Self.ann), folder("other", bobs, as: Self.ann),
                folder("data", data, readOnly: true, as: nil),
                folder("group", group, as: Account(userID: Self.ann.userID, groupID: 300_701)),
            ]
        ) { machine in
            try await LinuxGuest.hear("that was all", of: machine)
            let heard = { machine.console.has($0, since: 0) }
            #expect(heard("a secret of ann") && heard("for all to read") && heard("seen as 1000:1000"))
            #expect(!heard("a secret of bob") && !heard("no home") && !heard("no group"))
            #expect(heard("Read-only file system"))
            // What serves a folder sees nothing else, and has no rights over what is not its owner's.
            let servers = ProcessHandle.all(mark: FileServer.mark(machine.session))
            #expect(servers.count == 8)
            for server in servers where Files.target(of: "/proc/\(server.pid)/exe") == FileServer.program {
                let status = try #require(Files.read("/proc/\(server.pid)/status"))
                #expect(status.contains("NoNewPrivs:\t1") && !status.contains("Uid:\t0"))
            }
        }
        let new = try #require(owner("\(anns)/new"))
        #expect(new.user == Self.ann.userID && new.group == Self.ann.groupID)
        #expect(Files.read("\(anns)/new") == "written\n" && Files.read("\(anns)/moved") == "more\n")
        #expect(owner("\(anns)/sub")?.user == Self.ann.userID)
        #expect(Set(Files.names(in: anns)) == ["secret", "out", "up", "new", "sub", "moved"])
        #expect(Files.names(in: bobs) == ["secret"] && Files.names(in: data) == ["public"])
        #expect(owner(bobs)?.mode == 0o755)
        let together = try #require(owner("\(group)/made"))
        #expect(together.user == Self.ann.userID && together.group == 300_701)
    }

    @Test func `two people's guests at once have each their own files, and neither the other's`() async throws {
        defer { Files.remove(root) }
        let homes = HostFolder(path: "\(root)/{user}", tag: "home")
        let people = [(PersonName(recorded: "ann"), Self.ann), (PersonName(recorded: "bob"), Self.bob)]
        let kitchens = try people.map { _ in try ImageKitchen() }
        var guests: [(path: String, folder: SharedFolder, name: String)] = []
        for ((name, account), kitchen) in zip(people, kitchens) {
            let place = try directory(name.text, of: account)
            #expect(homes.path(for: name) == place)
            try write("a secret of \(name.text)", "\(place)/secret", of: account)
            let path = try guest(
                kitchen, tags: ["home"],
                user: "cat /mnt/home/secret; echo; echo \(name.text) >/mnt/home/made; ls /mnt/home /mnt/home/..",
                root: "cat /mnt/home/../ann/secret /mnt/home/../bob/secret /mnt/ann/secret /mnt/bob/secret")
            guests.append((path, try folder("home", place, as: account), name.text))
        }
        let all = guests
        try await withThrowingTaskGroup(of: Void.self) { group in
            for guest in all {
                group.addTask {
                    try await LinuxGuest.run(guest.path, folders: [guest.folder]) { machine in
                        try await LinuxGuest.hear("that was all", of: machine)
                        for (_, _, name) in all {
                            #expect(machine.console.has("a secret of \(name)", since: 0) == (name == guest.name))
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        for (name, account) in people {
            #expect(Files.read("\(root)/\(name.text)/made") == "\(name.text)\n")
            #expect(owner("\(root)/\(name.text)/made")?.user == account.userID)
        }
        withExtendedLifetime(kitchens) {}
    }

    @Test func `a directory that another one takes the place of is not served`() async throws {
        defer { Files.remove(root) }
        let (anns, bobs) = (try directory("ann", of: Self.ann), try directory("bob", of: Self.bob, mode: 0o755))
        let known = try folder("home", anns, as: Self.ann)
        try FileManager.default.moveItem(atPath: anns, toPath: "\(root)/away")
        try Files.link(anns, to: bobs)
        let kitchen = try ImageKitchen()
        let path = try LinuxGuest.make(kitchen, modules: [], commands: "")
        let error = await #expect(throws: MachineError.self) {
            try await LinuxGuest.run(path, folders: [known]) { _ in }
        }
        #expect(
            error?.detail.contains("The directory of home is not what it was") == true, "\(String(describing: error))")
    }

    @Test func `a folder that is served no more is told of, and its machine runs on`() async throws {
        defer { Files.remove(root) }
        let homes = [try directory("ann", of: Self.ann), try directory("data", of: Self.bob, mode: 0o755)]
        let kitchen = try ImageKitchen()
        let path = try guest(kitchen, tags: ["home", "host_data"], user: "echo begin; sleep 1000", root: "")
        let (troubles, told) = AsyncStream.makeStream(of: String.self)
        try await LinuxGuest.run(
            path,
            folders: [try folder("home", homes[0], as: Self.ann), try folder("host_data", homes[1], as: Self.bob)],
            onEvent: { event in
                if case .trouble(_, let words) = event, !words.isEmpty { told.yield(words) }
            },
            with: { machine, hypervisor in
                try await LinuxGuest.hear("begin", of: machine)
                let server = try #require(FileServer.find(machine.session, tag: "host_data"))
                #expect(await server.kill())
                let words = await troubles.first { _ in true }
                #expect(words?.hasPrefix("/mnt/data can't be reached") == true, "\(words ?? "")")
                #expect(try await machine.qmp.execute(QueryStatus()).state == .running)
                // A worker that comes later finds the same.
                let found = await hypervisor.folderServers(of: machine.session)
                #expect(Set(found.keys) == ["home", "host_data"])
                #expect(found["home"] as? ProcessHandle != nil && found["host_data"] as? ProcessHandle == nil)
            })
    }

    @Test func `a full exchange folder does not grow, whatever the guest does, until something is removed`()
        async throws
    {
        let kitchen = try ImageKitchen()
        let path = try guest(
            kitchen, tags: ["exchange"],
            user: """
                cd /mnt/exchange
                dd if=/dev/zero of=large bs=1M count=20 2>&1 | grep -o 'File too large'
                echo small >small; echo "begin"
                i=0; while dd if=/dev/zero of=file$i bs=64k count=16 2>/tmp/why; do i=$((i + 1)); sleep 0.02; done
                echo "stopped: $(cat /tmp/why | tail -n 1)"; echo more >>small 2>/dev/null || echo "small stays"
                rm -f file*; echo "emptied"
                while ! echo again >again 2>/dev/null; do sleep 0.1; done; echo "goes on"
                """, root: "rm /mnt/exchange/again")
        let limit = 16 << 20
        try await LinuxGuest.run(
            path, exchangeBytes: limit,
            with: { machine, hypervisor in
                let id = machine.session
                let files = await hypervisor.paths.exchange(id).files
                try await LinuxGuest.hear("begin", of: machine)
                // No file alone becomes larger than the folder may be.
                #expect(machine.console.has("File too large", since: 0))
                #expect(Files.length("\(files)/large") == limit)
                #expect(Files.read("\(files)/small") == "small\n")
                #expect(await hypervisor.limitExchange(id, to: .full, bytes: limit))
                try await LinuxGuest.hear("stopped: ", of: machine)
                try await LinuxGuest.hear("emptied", of: machine)
                #expect(machine.console.has("small stays", since: 0))
                #expect(Files.length("\(files)/large") == limit)
                #expect(!machine.console.has("goes on", since: 0))
                #expect(await hypervisor.limitExchange(id, to: .free, bytes: limit))
                try await LinuxGuest.hear("goes on", of: machine)
                try await LinuxGuest.hear("that was all", of: machine)
                #expect(Files.owner(of: "\(files)/small") == Files.owner(of: files))
            })
    }

    @Test func `room that is reserved, or has no name any more, is no way round the limit`() async throws {
        let kitchen = try ImageKitchen()
        let guest = try LinuxGuest.make(
            kitchen, modules: LinuxGuest.folders, programs: ["/usr/bin/fallocate"],
            commands: """
                mkdir -p /etc /mnt/exchange; echo 'root::0:0::/:/bin/sh' >/etc/passwd
                echo 'user::1000:1000::/:/bin/sh' >>/etc/passwd; chmod 755 /
                mount -t virtiofs exchange /mnt/exchange
                cat > /tmp/user <<'END'
                cd /mnt/exchange
                : >reserved; /usr/bin/fallocate --keep-size --length 8M reserved; /usr/bin/fallocate --length 8M longer
                exec 3>held; dd if=/dev/zero bs=1M count=4 >&3; rm held; echo "held it"
                read line <gate
                END
                mkfifo /tmp/gate; su user -c 'sh /tmp/user'
                echo "that was all"; sleep 1000
                """)
        try await LinuxGuest.run(
            guest, exchangeBytes: 64 << 20,
            with: { machine, hypervisor in
                let files = await hypervisor.paths.exchange(machine.session).files
                mkfifo("\(files)/gate", 0o666)
                try await LinuxGuest.hear("held it", of: machine)
                #expect(machine.console.has("keep size mode is unsupported", since: 0))
                #expect(Files.size("\(files)/reserved") == 0 && Files.size("\(files)/longer") == 0)
                // Nothing with a name has it.
                #expect(Files.names(in: files).allSatisfy { Files.size("\(files)/\($0)") < 1 << 20 })
                let unnamed = await hypervisor.unnamedExchangeBytes(machine.session)
                #expect((4 << 20..<5 << 20).contains(unnamed), "\(unnamed)")
            })
    }

    @Test func `a machine with too many files stands still, says so, and goes on when there are fewer`() async throws {
        let kitchen = try ImageKitchen()
        let path = try guest(
            kitchen, tags: ["exchange"],
            user: "cd /mnt/exchange; while [ ! -e goon ]; do n=$((n + 1)); echo $n >count; done; echo went on", root: ""
        )
        let troubles = Mutex<[String]>([])
        try await LinuxGuest.run(
            path, exchangeBytes: 1 << 20,
            onEvent: { event in
                if case .trouble(_, let words) = event { troubles.withLock { $0.append(words) } }
            },
            with: { machine, hypervisor in
                let id = machine.session
                let files = await hypervisor.paths.exchange(id).files
                while Files.read("\(files)/count")?.isEmpty != false { try await Task.sleep(for: .milliseconds(50)) }
                #expect(await hypervisor.limitExchange(id, to: .stopped, bytes: 1 << 20))
                #expect(try await machine.qmp.execute(QueryStatus()).state == .paused)
                let count = Files.read("\(files)/count")
                try Files.write("", to: "\(files)/goon")
                // Disks that have room again let nobody go on who waits for something else.
                await hypervisor.pauseForSpace()
                await hypervisor.goOnWithSpace()
                #expect(try await machine.qmp.execute(QueryStatus()).state == .paused)
                #expect(Files.read("\(files)/count") == count && !machine.console.has("went on", since: 0))
                // QEMU waits for the file server at this, which must not stand still itself.
                _ = try await machine.qmp.execute(SystemReset())
                #expect(await hypervisor.limitExchange(id, to: .full, bytes: 1 << 20))
                #expect(try await machine.qmp.execute(QueryStatus()).state == .running)
                while troubles.withLock({ $0.last != "" }) { try await Task.sleep(for: .milliseconds(50)) }
                #expect(troubles.withLock { $0.contains { $0.contains("more files in its exchange folder") } })
            })
    }
}

private struct SystemReset: QMPCommand {
    typealias Reply = QMPEmpty
    static let name = "system_reset"
}
