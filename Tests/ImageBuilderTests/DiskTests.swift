import Foundation
@testable import ImageBuilder
import Testing

@Suite struct `Kernel modules` {
    private let tree = ModuleTree(
        dependencies: """
            kernel/fs/ext4/ext4.ko: kernel/lib/crc16.ko kernel/fs/mbcache.ko kernel/fs/jbd2/jbd2.ko
            kernel/fs/jbd2/jbd2.ko: kernel/lib/crc16.ko
            kernel/fs/mbcache.ko:
            kernel/lib/crc16.ko:
            kernel/drivers/gpu/drm/virtio/virtio-gpu.ko.xz: kernel/drivers/gpu/drm/drm.ko.xz
            kernel/drivers/gpu/drm/drm.ko.xz:
            """)

    @Test func `come with what they need, each after what it needs`() {
        #expect(
            tree.paths(for: ["ext4"]) == [
                "kernel/fs/jbd2/jbd2.ko", "kernel/fs/mbcache.ko", "kernel/lib/crc16.ko", "kernel/fs/ext4/ext4.ko",
            ])
    }

    @Test func `may be written with a dash or an underscore, and be compressed`() {
        #expect(tree.paths(for: ["virtio_gpu"]).last == "kernel/drivers/gpu/drm/virtio/virtio-gpu.ko.xz")
        #expect(tree.paths(for: ["virtio-gpu"]) == tree.paths(for: ["virtio_gpu"]))
    }

    @Test func `that the kernel does not know are left out, and none comes twice`() {
        #expect(tree.paths(for: ["built_in"]).isEmpty)
        #expect(tree.paths(for: ["ext4", "jbd2", "ext4"]).count == 4)
    }
}

@Suite struct `The first root file system` {
    /// Reads the archive as the kernel does: header, name, content, each padded to four bytes.
    private func entries(_ archive: [UInt8]) throws -> [(name: String, mode: Int, content: [UInt8])] {
        var entries: [(name: String, mode: Int, content: [UInt8])] = []
        var position = 0
        while position < archive.count {
            func field(_ index: Int) throws -> Int {
                let start = position + 6 + 8 * index
                return try #require(Int(String(decoding: archive[start..<start + 8], as: UTF8.self), radix: 16))
            }
            #expect(String(decoding: archive[position..<position + 6], as: UTF8.self) == "070701")
            let (mode, size, nameSize) = (try field(1), try field(6), try field(11))
            let name = String(decoding: archive[position + 110..<position + 110 + nameSize - 1], as: UTF8.self)
            let content = (position + 110 + nameSize + 3) / 4 * 4
            entries.append((name, mode, Array(archive[content..<content + size])))
            position = (content + size + 3) / 4 * 4
        }
        return entries
    }

    @Test func `is an archive that the kernel can read`() throws {
        var archive = RamdiskArchive()
        archive.addDirectory("bin")
        archive.addFile("bin/busybox", [1, 2, 3, 4, 5], isProgram: true)
        archive.addFile("modules/virtio", Array("a.ko\n".utf8))
        archive.addLink("bin/sh", to: "busybox")
        let entries = try entries(archive.finished())
        #expect(entries.map(\.name) == ["bin", "bin/busybox", "modules/virtio", "bin/sh", "TRAILER!!!"])
        #expect(entries.map(\.mode) == [0o040755, 0o100755, 0o100644, 0o120777, 0])
        #expect(entries[1].content == [1, 2, 3, 4, 5])
        #expect(String(decoding: entries[3].content, as: UTF8.self) == "busybox")
    }
}

@Suite struct `The disk` {
    @Test func `has partitions that neither overlap nor run over its end`() {
        #expect(DiskLayout.bootOffset + DiskLayout.bootSize <= DiskLayout.rootOffset)
        #expect(DiskLayout.rootOffset + DiskLayout.rootSize <= DiskLayout.size)
        #expect(DiskLayout.rootOffset.isMultiple(of: 1 << 20))
        #expect(DiskLayout.partitions.contains("start=2048, size=98304, type=e, bootable"))
    }

    @Test func `tells its boot loader kernel, first root file system and options`() {
        let lines = BootConfiguration.syslinux.split(separator: "\n").map { $0.drop { $0 == " " } }
        #expect(lines.contains("KERNEL vmlinuz"))
        #expect(lines.contains("INITRD initrd.img"))
        #expect(lines.contains { $0.hasPrefix("APPEND quiet ") && $0.contains("console=ttyS0") })
        // Documentation/admin-guide/kernel-parameters: x86 takes 2048 bytes; syslinux takes as many.
        #expect(BootConfiguration.commandLine.joined(separator: " ").utf8.count < 2000)
    }

    @Test func `is found by the label that it is given`() {
        let start = String(decoding: GuestFile.initialProgram, as: UTF8.self)
        #expect(start.contains("LABEL=\(BootConfiguration.rootLabel)"))
        #expect(DiskLayout.formatRoot("disk", tree: "root").contains(BootConfiguration.rootLabel))
    }
}

@Suite struct `The guest's files` {
    @Test func `have one place each and are not empty`() {
        let files = GuestFile.all
        #expect(Set(files.map(\.path)).count == files.count)
        #expect(files.allSatisfy { $0.path.hasPrefix("/") && !$0.content.isEmpty })
    }

    @Test func `are programs where they begin like one`() {
        for file in GuestFile.all {
            #expect(file.isProgram == file.content.starts(with: Array("#!".utf8)), "\(file.path)")
        }
    }

    @Test func `call only programs of ours that are there`() {
        let ours = "/usr/local/lib/desktop/"
        let paths = Set(GuestFile.all.map(\.path))
        for file in GuestFile.all {
            let text = String(decoding: file.content, as: UTF8.self)
            for part in text.components(separatedBy: ours).dropFirst() {
                let name = part.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "." }
                #expect(paths.contains(ours + name), "\(file.path) calls \(name)")
            }
        }
    }

    @Test func `are shell scripts without a mistake in their grammar`() throws {
        let directory = FileManager.default.temporaryDirectory
        let scripts =
            GuestFile.all.filter(\.isProgram).map { ($0.path, $0.content) } + [("/init", GuestFile.initialProgram)]
        for (path, content) in scripts {
            let copy = directory.appending(path: "qwd-script-\(UUID().uuidString)")
            try Data(content).write(to: copy)
            defer { try? FileManager.default.removeItem(at: copy) }
            let shell = Process()
            shell.executableURL = URL(filePath: "/bin/sh")
            shell.arguments = ["-n", copy.path]
            try shell.run()
            shell.waitUntilExit()
            #expect(shell.terminationStatus == 0, "\(path)")
        }
    }

    @Test func `come with the packages that they need`() {
        let needed = [
            "systemd-sysv", "busybox-static", "jwm", "xterm", "xinit", "sudo", "qemu-guest-agent", "kmod",
            "spice-vdagent", "x11-xserver-utils",
        ]
        for package in needed { #expect(GuestPackages.names.contains(package)) }
        #expect(Set(GuestPackages.names).count == GuestPackages.names.count)
    }

    @Test func `follow what viewers ask for`() throws {
        func text(_ path: String) throws -> String {
            let file = try #require(GuestFile.all.first { $0.path == path }, "\(path)")
            return String(decoding: file.content, as: UTF8.self)
        }
        let rules = try text("/etc/udev/rules.d/80-viewer.rules").split(separator: "\n")
        // The name that QEMUDevices gives the port; its event is "add" or "change", whichever the name came with.
        let port = try #require(rules.first { $0.contains(#"ATTR{name}=="com.redhat.spice.0""#) })
        #expect(port.hasPrefix(#"ACTION!="remove","#))
        #expect(port.contains(#"TAG+="systemd""#) && port.contains(#"ENV{SYSTEMD_WANTS}+="clipboard.service""#))
        let clipboard = try text("/etc/systemd/system/clipboard.service")
        #expect(clipboard.contains("ExecStart=/usr/bin/spice-vdagent -x") && clipboard.contains("User=user"))
        #expect(clipboard.contains("modprobe -q uinput") && GuestPackages.modules.contains("uinput"))
        #expect(try text("/etc/default/spice-vdagentd").contains("SPICE_VDAGENTD_EXTRA_ARGS=-X"))
        let size = try #require(rules.first { $0.contains(#"SUBSYSTEM=="drm""#) })
        #expect(size.contains(#"ENV{HOTPLUG}=="1", RUN+="/usr/local/lib/desktop/fit-screen""#))
        #expect(try text("/usr/local/lib/desktop/fit-screen").contains("DISPLAY=unix:0\n"))
        // A virtio screen's driver is found by the device behind the one of the bus.
        #expect(try text("/usr/local/lib/desktop/devices").contains(#""$device"/virtio*/modalias"#))
    }
}
