@testable import Catalogue
import Domain
import Foundation
@testable import GuestNetwork
@testable import Hypervisor
@testable import Machines
import Processes
import Testing

/// A disk with Debian's kernel and a RAM disk of ours: BusyBox, the kernel modules that a test wants, and what it does.
struct LinuxGuest {
    /// What a guest of before virtio knows.
    static let plain = [
        "scsi_common", "scsi_mod", "libata", "libahci", "ahci", "ata_piix", "crct10dif_common", "crc-t10dif", "crc64",
        "crc64-rocksoft", "t10-pi", "sd_mod", "pps_core", "ptp", "e1000",
    ]
    static let virtio = ["virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci"]
    static let balloon = virtio + ["virtio_balloon"]
    static let agent = virtio + ["virtio_console"]
    static let folders = virtio + ["fuse", "virtiofs"]
    /// What takes a boot script.
    static let scripts =
        virtio + [
            "virtio_blk", "fat", "vfat", "nls_cp437", "nls_iso8859-1", "nls_ascii", "nls_utf8", "qemu_fw_cfg",
            "dmi-sysfs",
        ]

    /// Where `scripts/setup test` puts the kernel's package.
    private static var package: String? {
        let place = FileManager.default.currentDirectoryPath + "/.build/guest-kernel"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
        return names.first { $0.hasSuffix(".deb") }.map { "\(place)/\($0)" }
    }

    static var isThere: Bool { package != nil }
    /// Where `scripts/setup test` makes a system by which libguestfs looks into disks.
    static var appliance: String { FileManager.default.currentDirectoryPath + "/.build/guest-appliance" }
    static var hasAppliance: Bool { Files.exists("\(appliance)/made-by") }

    /// Makes the disk.
    /// - Parameters:
    ///   - modules: Their names, each behind those that it needs.
    ///   - programs: Programs of this host that it has too, with their libraries.
    ///   - commands: Lines of a shell script, which begins when the modules are loaded; it writes to the console.
    ///   - second: An image of a second partition; nil: the disk has no partitions.
    /// - Returns: Its path.
    static func make(
        _ kitchen: ImageKitchen, modules: [String], programs: [String] = [], commands: String, second: String? = nil
    ) throws -> String {
        let system = kitchen.path("kernel")
        try kitchen.run("dpkg-deb", ["-x", try #require(package), system])
        let boot = try FileManager.default.contentsOfDirectory(atPath: "\(system)/boot")
        let kernel = try #require(boot.first { $0.hasPrefix("vmlinuz-") })
        let root = kitchen.path("root")
        for name in ["bin", "proc", "sys", "dev", "tmp", "modules"] {
            try FileManager.default.createDirectory(atPath: "\(root)/\(name)", withIntermediateDirectories: true)
        }
        try FileManager.default.copyItem(atPath: "/bin/busybox", toPath: "\(root)/bin/busybox")
        let files = FileManager.default.enumerator(atPath: "\(system)/lib/modules")
        var places: [String: String] = [:]
        while let file = files?.nextObject() as? String {
            guard file.hasSuffix(".ko") else { continue }
            let name = file.split(separator: "/").last?.dropLast(3) ?? ""
            places[String(name)] = "\(system)/lib/modules/\(file)"
        }
        // Those that are built in have no file.
        let known = modules.filter { places[$0] != nil }
        for name in known {
            try FileManager.default.copyItem(atPath: places[name] ?? "", toPath: "\(root)/modules/\(name).ko")
        }
        for program in programs { try copy(program, to: root, kitchen) }
        let script = """
            #!/bin/busybox sh
            /bin/busybox --install -s /bin
            mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs -o size=90% tmp /tmp
            exec >/dev/ttyS0 2>&1 </dev/ttyS0
            for name in \(known.joined(separator: " ")); do insmod /modules/$name.ko; done
            \(commands)
            while :; do sleep 1000; done

            """
        try script.write(toFile: "\(root)/init", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(root)/init")
        try archive(root, to: kitchen.path("initrd"))
        let disk = try disk(kitchen, kernel: "\(system)/boot/\(kernel)", before: second == nil ? 0 : firstSector)
        guard let second else { return disk }
        return try partitioned(kitchen, disk, second)
    }

    private static let firstSector = 2048

    /// Two partitions behind a boot record.
    private static func partitioned(_ kitchen: ImageKitchen, _ first: String, _ second: String) throws -> String {
        let path = kitchen.path("two.img")
        let sizes = [first, second].map { Files.length($0) / 512 }
        try kitchen.run("truncate", ["-s", "\((firstSector + sizes[0] + sizes[1]) * 512)", path])
        let table = "start=\(firstSector),size=\(sizes[0]),type=c,bootable\nstart=\(firstSector + sizes[0]),type=83\n"
        let sfdisk = Process()
        sfdisk.executableURL = URL(filePath: "/usr/sbin/sfdisk")
        sfdisk.arguments = ["--quiet", path]
        let input = Pipe()
        (sfdisk.standardInput, sfdisk.standardOutput) = (input, FileHandle.nullDevice)
        try sfdisk.run()
        try input.fileHandleForWriting.write(contentsOf: Data(table.utf8))
        try input.fileHandleForWriting.close()
        sfdisk.waitUntilExit()
        try #require(sfdisk.terminationStatus == 0)
        let code = "/usr/lib/syslinux/mbr/mbr.bin"
        for (file, sector) in [(code, 0), (first, firstSector), (second, firstSector + sizes[0])] {
            try kitchen.run(
                "dd", ["if=\(file)", "of=\(path)", "bs=512", "seek=\(sector)", "conv=notrunc", "status=none"])
        }
        return path
    }

    /// Copies a program and what it is linked with (ldd(1)), each to its own place.
    private static func copy(_ program: String, to root: String, _ kitchen: ImageKitchen) throws {
        let words = try kitchen.run("ldd", [program]).split(whereSeparator: \.isWhitespace).map(String.init)
        for file in [program] + words.filter({ $0.hasPrefix("/") }) {
            let place = URL(filePath: root + file)
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: URL(filePath: file).resolvingSymlinksInPath(), to: place)
        }
    }

    /// cpio(1) reads names and writes the archive.
    private static func archive(_ root: String, to path: String) throws {
        let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        let cpio = Process()
        cpio.executableURL = URL(filePath: "/usr/bin/cpio")
        cpio.arguments = ["-o", "-H", "newc", "--quiet", "-R", "0:0"]
        cpio.currentDirectoryURL = URL(filePath: root)
        let input = Pipe()
        cpio.standardInput = input
        try #require(FileManager.default.createFile(atPath: path, contents: nil))
        cpio.standardOutput = try FileHandle(forWritingTo: URL(filePath: path))
        try cpio.run()
        try input.fileHandleForWriting.write(contentsOf: Data(names.sorted().joined(separator: "\n").utf8))
        try input.fileHandleForWriting.close()
        cpio.waitUntilExit()
        try #require(cpio.terminationStatus == 0)
    }

    /// One FAT file system without a partition table, with SYSLINUX in it.
    private static func disk(_ kitchen: ImageKitchen, kernel: String, before hidden: Int) throws -> String {
        let path = kitchen.path("guest.img")
        let settings = "DEFAULT linux\nLABEL linux\nKERNEL linux\nINITRD initrd\nAPPEND console=ttyS0 quiet panic=-1\n"
        try settings.write(toFile: kitchen.path("syslinux.cfg"), atomically: true, encoding: .utf8)
        try kitchen.run("truncate", ["-s", "48M", path])
        try kitchen.run("mformat", ["-i", path, "-h", "16", "-s", "63", "-H", "\(hidden)", "-T", "98304", "::"])
        for (file, name) in [(kernel, "linux"), (kitchen.path("initrd"), "initrd")] {
            try kitchen.run("mcopy", ["-i", path, file, "::\(name)"])
        }
        try kitchen.run("mcopy", ["-i", path, kitchen.path("syslinux.cfg"), "::syslinux.cfg"])
        try kitchen.run("syslinux", ["--install", path])
        return path
    }
}

extension LinuxGuest {
    /// A file system that libguestfs takes for an installed Debian.
    static func installed(_ kitchen: ImageKitchen) throws -> String {
        let root = kitchen.path("linux")
        for name in [
            "bin", "dev", "etc/systemd/system", "home", "proc", "root", "run", "tmp", "usr/bin", "usr/lib", "var/tmp",
            "var/lib",
        ] {
            try FileManager.default.createDirectory(atPath: "\(root)/\(name)", withIntermediateDirectories: true)
        }
        for (name, text) in [
            ("os-release", "ID=debian\nVERSION_ID=\"12\"\nNAME=\"Debian GNU/Linux\"\nPRETTY_NAME=\"Debian\"\n"),
            ("debian_version", "12.0\n"), ("fstab", ""), ("passwd", "root::0:0::/root:/bin/sh\n"), ("hostname", "a\n"),
        ] {
            try text.write(toFile: "\(root)/etc/\(name)", atomically: true, encoding: .utf8)
        }
        try FileManager.default.copyItem(atPath: "/bin/busybox", toPath: "\(root)/bin/busybox")
        try Files.link("\(root)/bin/sh", to: "busybox")
        let image = kitchen.path("linux.img")
        try kitchen.run("mke2fs", ["-q", "-t", "ext4", "-d", root, image, "64M"])
        return image
    }

    /// Starts a machine of a file, goes on while it runs, and ends it.
    /// - Parameter network: Nil: it has one that is not isolated, and nobody asks for it.
    static func run(
        _ path: String, memoryMiB: Int = 256, bootScript: String? = nil, inject: Injection = .auto,
        qemuOptions: [String] = [], folders: [SharedFolder] = [],
        exchangeBytes: Int? = nil, diskCommands: [String] = [],
        network: GuestNetwork.Options? = nil, onEvent: (@Sendable (MachineEvent) -> Void)? = nil,
        with body: @Sendable @escaping (LiveMachine, QEMUHypervisor) async throws -> Void
    ) async throws {
        let root = "/tmp/qwd-guest-\(UInt32.random(in: 0...UInt32.max))"
        defer { Files.remove(root) }
        var options = network ?? GuestNetwork.Options()
        if network == nil { options.isIsolated = false }
        let hypervisor = makeHypervisor(HostPaths(runtime: "\(root)/r", state: "\(root)/s"), network: options)
        var wanted = MachineSpecification(
            session: SessionID(milliseconds: 1), fence: 1,
            machine: try Machine(file: path), cpu: 1, memoryMiB: memoryMiB, diskGiB: 1)
        wanted.bootScript = bootScript
        wanted.machine.inject = inject
        wanted.qemuOptions = qemuOptions
        wanted.folders = folders
        (wanted.exchangeBytes, wanted.diskCommands) = (exchangeBytes, diskCommands)
        let specification = wanted
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await hypervisor.run() }
            group.addTask { for await event in hypervisor.events { onEvent?(event) } }
            await hypervisor.settle()
            do {
                try await hypervisor.makeSnapshot(specification)
                try await hypervisor.customizeDisk(specification)
                try await hypervisor.launch(specification)
                if network != nil { try await hypervisor.connectNetwork(specification.ref) }
                try await hypervisor.switchOn(specification.ref)
                try await body(hypervisor.live(specification.ref), hypervisor)
            } catch {
                try? await hypervisor.tearDown(specification.ref)
                throw error
            }
            try await hypervisor.tearDown(specification.ref)
            // Nothing that served it is left, whatever became of it.
            #expect(ProcessHandle.all(mark: FileServer.mark(specification.session)).isEmpty)
            if network != nil { await hypervisor.network.end() }
            group.cancelAll()
        }
        Files.remove(root)
    }

    static func run(
        _ path: String, memoryMiB: Int = 256, bootScript: String? = nil, inject: Injection = .auto,
        qemuOptions: [String] = [], folders: [SharedFolder] = [],
        network: GuestNetwork.Options? = nil, onEvent: (@Sendable (MachineEvent) -> Void)? = nil,
        _ body: @Sendable @escaping (LiveMachine) async throws -> Void
    ) async throws {
        try await run(
            path, memoryMiB: memoryMiB, bootScript: bootScript, inject: inject, qemuOptions: qemuOptions,
            folders: folders, network: network, onEvent: onEvent, with: { machine, _ in try await body(machine) })
    }

    /// Waits until a guest has written something; one that never does fails with what it wrote last.
    static func hear(_ words: String, of machine: LiveMachine) async throws {
        let limit = ContinuousClock.now + .seconds(120)
        while !machine.console.has(words, since: 0) {
            try #require(
                !machine.process.isGone && !machine.console.has("Kernel panic", since: 0) && .now < limit,
                "\(words) was not written; the last lines: \(machine.console.lastLines(20))")
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
