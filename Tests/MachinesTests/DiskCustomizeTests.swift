@testable import Catalogue
import Domain
import Foundation
import Glibc
@testable import Hypervisor
@testable import Machines
import Processes
import Testing

/// Disks that are changed before their machines start, by the real libguestfs, and looked at by their guests.
@Suite(
    .timeLimit(.minutes(5)), .serialized,
    .enabled(if: LinuxGuest.isThere && LinuxGuest.hasAppliance, "there is no appliance: scripts/setup test"))
struct DiskCustomizeTests {
    @Test func `a boot script and an administrator's commands are in the disk before the machine starts`() async throws
    {
        let kitchen = try ImageKitchen()
        let path = try LinuxGuest.make(
            kitchen,
            modules: LinuxGuest.plain + LinuxGuest.virtio + [
                "virtio_blk", "crc32c_generic", "crc16", "mbcache", "jbd2", "ext4",
            ],
            commands: """
                mkdir /mnt; for disk in /dev/vda2 /dev/sda2; do [ -b $disk ] && mount -t ext4 $disk /mnt; done
                mount -o bind /dev /mnt/dev; mount -t proc proc /mnt/proc; chroot /mnt /bin/busybox --install -s /bin
                cat /mnt/var/tmp/ran /mnt/etc/hostname; find /mnt/etc/systemd
                chroot /mnt /usr/lib/virt-sysprep/firstboot.sh start; cat /mnt/var/tmp/marker
                echo "that was all"
                """, second: try LinuxGuest.installed(kitchen))
        let script = "#!/bin/sh\necho marker-$(id -u) >/var/tmp/marker\n"
        try await LinuxGuest.run(
            path, bootScript: script, inject: .firstboot,
            diskCommands: try DiskCommands(
                written: "--run-command 'echo did-run-before >/var/tmp/ran' --hostname=desk-of-ann"
            ).lines,
            with: { machine, hypervisor in
                try await LinuxGuest.hear("that was all", of: machine)
                let heard = { machine.console.has($0, since: 0) }
                #expect(heard("marker-0") && heard("did-run-before") && heard("desk-of-ann"))
                #expect(heard("guestfs-firstboot.service"))
                let disk = await hypervisor.paths.session(machine.session).disk
                #expect(!Files.names(in: disk).contains { $0.hasPrefix("disk-commands") || $0 == "customizing" })
            })
    }

    @Test func `a disk without a system, and a disc, are refused with the reason`() async throws {
        let kitchen = try ImageKitchen()
        let blank = try LinuxGuest.make(kitchen, modules: [], commands: "")
        let error = await #expect(throws: MachineError.self) {
            try await LinuxGuest.run(blank, bootScript: "#!/bin/sh\n:\n", inject: .firstboot) { _ in }
        }
        #expect(
            error?.detail.contains("its disk can't be prepared (virt-customize): no operating systems") == true,
            "\(error?.detail ?? "")")
        let disc = await #expect(throws: MachineError.self) {
            try await LinuxGuest.run(
                "/usr/lib/grub-rescue/grub-rescue-cdrom.iso", bootScript: "#!/bin/sh\n:\n", inject: .firstboot
            ) { _ in }
        }
        #expect(disc?.detail.contains("is a CD") == true)
    }

    @Test func `what is made for all sessions can be read by all, and is made once`() async throws {
        let kitchen = try ImageKitchen()
        let (maker, place) = (kitchen.path("maker"), kitchen.path("appliance"))
        // As a unit with a mask of rights would make it.
        try Files.write(
            "#!/bin/sh\numask 077\necho made >>\(kitchen.path("count"))\ntouch $1/kernel $1/root\n", to: maker)
        chmod(maker, 0o755)
        let appliance = DiskAppliance(path: place, maker: maker)
        async let first = appliance.made([])
        async let second = appliance.made([])
        #expect(try await [first, second] == [place, place])
        _ = try await appliance.made([])
        #expect(Files.read(kitchen.path("count")) == "made\n")
        for (path, mode) in [(place, 0o755), ("\(place)/kernel", 0o644), ("\(place)/root", 0o644)] {
            var status = stat()
            #expect(stat(path, &status) == 0 && Int(status.st_mode & 0o777) == mode, "\(path)")
        }
        #expect(!Files.names(in: Files.directory(of: place)).contains { $0.hasPrefix("appliance.new") })
    }
}
