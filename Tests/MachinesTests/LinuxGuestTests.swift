@testable import Catalogue
import Domain
import Foundation
@testable import GuestNetwork
@testable import Hypervisor
@testable import ImageStore
@testable import Machines
import Processes
import Synchronization
import Testing

/// Real guests: what they find of the hardware that was chosen for them, and what they give back.
@Suite(
    .timeLimit(.minutes(10)), .serialized, .enabled(if: LinuxGuest.isThere, "there is no kernel: scripts/setup test"))
struct LinuxGuestTests {
    @Test func `one without drivers for virtio has its disk and its network`() async throws {
        let kitchen = try ImageKitchen()
        let path = try LinuxGuest.make(
            kitchen, modules: LinuxGuest.plain,
            commands: """
                while ! [ -b /dev/sda ] || ! [ -d /sys/class/net/eth0 ]; do sleep 0.1; done
                dd if=/dev/sda of=/dev/null bs=1M count=8 && echo "disk and network are there"
                cat /sys/class/dmi/id/product_serial
                """)
        let machine = try Machine(file: path)
        #expect(machine.hardware.diskBus == .sata && machine.hardware.networkCard == .e1000)
        try await LinuxGuest.run(path, qemuOptions: ["-smbios", "type=1,serial=an option of ours"]) { machine in
            try await LinuxGuest.hear("disk and network are there", of: machine)
            try await LinuxGuest.hear("an option of ours", of: machine)
        }
    }

    @Test func `a boot script comes by each way as it is, and what it reports is heard`() async throws {
        let kitchen = try ImageKitchen()
        let script =
            "#!/bin/sh\n# \u{E9}\u{1F600} " + String(repeating: "x", count: 9000)
            + "\nprintf 'qwd-script 1/1 0 : by %s\\r\\n' $1 >/dev/ttyS0\n"
        // What QEMU's firmware device, systemd's credentials and cloud-init's disk come to, as their readers take them.
        let path = try LinuxGuest.make(
            kitchen, modules: LinuxGuest.scripts,
            commands: """
                cd /tmp
                cp /sys/firmware/qemu_fw_cfg/by_name/opt/qwd/boot-script/raw firmware
                tail -c +6 /sys/firmware/dmi/entries/11-0/raw | tr '\\000' '\\n' | grep -a '^io.systemd.credential.binary:tmpfiles' |
                    sed 's/^[^=]*=//' | base64 -d | grep boot-script' ' | grep '^f+~' | sed 's/.* //' | base64 -d > credential
                mkdir seed
                for disk in /dev/vd?; do mount -t vfat -o ro $disk seed 2>/dev/null && [ -e seed/user-data ] && break; umount seed; done
                cp seed/user-data cloud; cat seed/meta-data; dd if=$disk bs=512 count=64 2>/dev/null | tr -cd A-Z | grep -o CIDATA | head -n 1
                for way in firmware credential cloud; do [ -s $way ] && sh $way $way; done
                sha256sum firmware credential cloud
                echo "that was all"
                """)
        try await LinuxGuest.run(path, bootScript: script) { machine in
            try await LinuxGuest.hear("that was all", of: machine)
            for way in ["firmware", "credential", "cloud"] {
                #expect(machine.console.has("qwd-script 1/1 0 : by \(way)", since: 0), "\(way)")
            }
            for words in ["instance-id: qwd-\(machine.session)", "CIDATA"] {
                #expect(machine.console.has(words, since: 0), "\(words)")
            }
            let sum = try FileDigest.sha256(of: kitchen.write("script", Array(script.utf8)))
            #expect(
                machine.console.has("\(sum)  cloud", since: 0) && machine.console.has("\(sum)  credential", since: 0))
        }
    }

    @Test(.enabled(if: Programs.find("qemu-ga") != nil, "qemu-guest-agent isn't installed"))
    func `a boot script comes by the guest's agent, and what came of it is told once`() async throws {
        let kitchen = try ImageKitchen()
        // What is written to standard output comes back by the agent alone.
        let script =
            "#!/bin/sh\n# " + String(repeating: "\u{1F600}", count: 15_000)
            + "\nfor code in 0 0 7; do echo \"qwd-script $((1 + code / 7))/2 $code : by the agent\"; sleep 1; done\n"
        let path = try LinuxGuest.make(
            kitchen, modules: LinuxGuest.agent, programs: ["/usr/sbin/qemu-ga"],
            commands: """
                mkdir -p /run /var/local/run
                while ! [ -e /sys/class/virtio-ports ]; do sleep 0.1; done
                for port in /sys/class/virtio-ports/*; do
                    [ "$(cat $port/name)" = org.qemu.guest_agent.0 ] && qemu-ga -m virtio-serial -p /dev/${port##*/} -t /run
                done
                """)
        let heard = Mutex<[BootScriptResult]>([])
        try await LinuxGuest.run(
            path, bootScript: script, inject: .agent,
            onEvent: { if case .script(_, _, let result) = $0 { heard.withLock { $0.append(result) } } }
        ) { machine in
            while heard.withLock({ $0.count }) < 2 {
                try #require(!machine.process.isGone)
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(!machine.console.has("by the agent", since: 0))
        }
        #expect(heard.withLock { $0.map(\.code) } == [0, 7])
        #expect(heard.withLock { $0.map(\.lastLine) } == ["by the agent", "by the agent"])
    }

    @Test func `memory that a guest no longer uses is its host's again`() async throws {
        let kitchen = try ImageKitchen()
        let path = try LinuxGuest.make(
            kitchen, modules: LinuxGuest.balloon,
            commands: """
                dd if=/dev/urandom of=/tmp/much bs=1M count=400 && echo "memory is full"
                sleep 2
                rm /tmp/much && echo "memory is free"
                """)
        try await LinuxGuest.run(path, memoryMiB: 768) { machine in
            try await LinuxGuest.hear("memory is full", of: machine)
            let full = try memory(of: machine.process.pid)
            #expect(full > 400, "\(full) MiB")
            try await LinuxGuest.hear("memory is free", of: machine)
            var free = full
            while free > full - 300 {
                try await Task.sleep(for: .milliseconds(200))
                free = try memory(of: machine.process.pid)
            }
            print("balloon: \(full) MiB while the guest uses 400, \(free) MiB after")
        }
    }

    /// MiB of memory that a process has.
    private func memory(of pid: Int32) throws -> Int {
        let line = try #require(
            Files.read("/proc/\(pid)/status")?.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return (Int(line.filter(\.isNumber)) ?? 0) / 1024
    }
}
