@testable import ImageBuilder
import Testing

@Suite struct `What the host must have` {
    @Test func `everything missing is named at once with one line to install it`() throws {
        let present: Set<String> = ["apt-get", "dpkg-deb", "unshare", "chroot", "mke2fs", "qemu-img"]
        let error = try #require(HostPrograms.missing(isRoot: true, isThere: present.contains))
        #expect(error.code == .missingPrograms)
        #expect(
            error.advice
                == "Install them: apt-get install debian-archive-keyring fdisk mmdebstrap mtools syslinux syslinux-common"
        )
        #expect(error.detail.contains("mformat, mcopy"))
    }

    @Test func `a user who is not root needs uidmap as well and sudo to install it`() throws {
        #expect(HostPrograms.missing(isRoot: true, isThere: { $0 != "newuidmap" }) == nil)
        let error = try #require(HostPrograms.missing(isRoot: false, isThere: { $0 != "newuidmap" }))
        #expect(error.advice == "Install them: sudo apt-get install uidmap")
    }

    @Test func `nothing missing is no error`() {
        #expect(HostPrograms.missing(isRoot: false, isThere: { _ in true }) == nil)
    }

    @Test func `too little room is told with numbers`() throws {
        let little = DiskSpace(device: 1, free: 1 << 30)
        let much = DiskSpace(device: 2, free: 1 << 40)
        let error = try #require(DiskSpace.shortage(work: little, in: "/work", output: much, in: "/out"))
        #expect(error.code == .noSpace)
        #expect(error.detail == "/work has 1024 MiB free, the build needs 2048 MiB")
        #expect(DiskSpace.shortage(work: much, in: "/work", output: much, in: "/out") == nil)
    }

    @Test func `work and output on one file system need the room of both`() throws {
        let shared = DiskSpace(device: 1, free: DiskSpace.workNeed + DiskSpace.outputNeed - 1)
        let error = try #require(DiskSpace.shortage(work: shared, in: "/work", output: shared, in: "/out"))
        #expect(error.detail.hasPrefix("/work has"))
    }

    @Test func `the room of a real directory can be read`() throws {
        #expect(try #require(DiskSpace(of: "/")).free > 0)
        #expect(DiskSpace(of: "/no/such/directory") == nil)
    }
}

@Suite struct `Package sources` {
    @Test func `are those of the host's own release`() throws {
        let sources = try PackageSources(
            targets: """
                Debian|bookworm|bookworm|http://mirror.local/debian/|main
                Debian|bookworm|bookworm|http://mirror.local/debian/|main
                Debian|bookworm|bookworm|http://mirror.local/debian/|contrib
                Debian|bookworm-updates|bookworm-updates|http://mirror.local/debian/|main
                Debian|bookworm-security|bookworm-security|http://security.local/|main
                Debian Backports|bookworm-backports|bookworm-backports|http://mirror.local/debian/|main
                Debian|trixie|trixie|http://mirror.local/debian/|main
                NodeSource|nodistro|nodistro|https://deb.nodesource.com/node_20.x/|main
                """,
            release: "bookworm")
        #expect(sources.release == "bookworm")
        #expect(
            sources.lines == [
                "deb http://mirror.local/debian/ bookworm main",
                "deb http://mirror.local/debian/ bookworm-updates main",
                "deb http://security.local/ bookworm-security main",
            ])
    }

    @Test(arguments: [
        ("", "apt-get update"), ("|||http://mirror.local/debian/|main", "apt-get update"),
        ("$(ORIGIN)|$(CODENAME)|bookworm|http://mirror.local/debian/|main", "apt-get update"),
        ("Ubuntu|noble|noble|http://archive.ubuntu.com/ubuntu/|main", "runs on Debian"),
    ])
    func `that can't be used give an error with the way out`(targets: String, advice: String) throws {
        let error = try #require(throws: ImageBuildError.self) {
            try PackageSources(targets: targets, release: "bookworm")
        }
        #expect(error.code == .noSources)
        #expect(error.advice.contains(advice))
    }

    @Test func `a value of os-release is found, quoted or not`() {
        let text = "NAME=\"Debian GNU/Linux\"\nVERSION_CODENAME=bookworm\n"
        #expect(PackageSources.value("VERSION_CODENAME", inRelease: text) == "bookworm")
        #expect(PackageSources.value("NAME", inRelease: text) == "Debian GNU/Linux")
        #expect(PackageSources.value("ID", inRelease: text) == nil)
    }

    @Test func `the proxies of the host's apt are taken over`() {
        let dump = """
            Acquire "";
            Acquire::http "";
            Acquire::http::Proxy "http://proxy.local:3142";
            Acquire::https::Proxy "";
            Acquire::http::Proxy::internal.local "DIRECT";
            Acquire::Retries "3";
            """
        #expect(
            PackageSources.proxies(inConfiguration: dump) == [
                "Acquire::http::Proxy \"http://proxy.local:3142\";",
                "Acquire::http::Proxy::internal.local \"DIRECT\";",
            ])
    }
}
