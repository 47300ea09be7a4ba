import Domain
import Testing

struct QEMUOptionsTests {
    @Test func `are words, of which quotes keep some together and nothing else is evaluated`() throws {
        let text =
            "-device usb-host,vendorid=0x1  -rtc \"base=2020-01-01, x\" -append 'a \"b\" $HOME `id` ;|&' -smbios ''"
        #expect(
            try QEMUOptions(written: text).words == [
                "-device", "usb-host,vendorid=0x1", "-rtc", "base=2020-01-01, x", "-append", "a \"b\" $HOME `id` ;|&",
                "-smbios", "",
            ])
    }

    @Test(arguments: [
        "", " ", "device x", "-device 'x", "-device \"x", "-sandbox off", "--sandbox off", "-qtest unix:/x",
        "-loadvm a", "-daemonize", "-m 1 -S",
        "-device x -runas root", "-m 1 '-chroot' /", "-name x",
    ])
    func `that are none, or would take QEMU out of its worker's hands, are refused`(text: String) {
        #expect(throws: QEMUOptions.Problem.self) { try QEMUOptions(written: text) }
        #expect(BootScriptRule(written: "qemu: \(text)") == nil)
    }

    @Test func `are an administrator's alone`() throws {
        #expect(BootScriptSource(written: "qemu: -m 1") == nil)
        let rule = try #require(BootScriptRule(written: "if(user=ann): qemu: -m 1"))
        #expect(rule.source == .qemu(try QEMUOptions(written: "-m 1")))
        #expect(rule.written == "if(user=ann): qemu: -m 1")
    }
}
