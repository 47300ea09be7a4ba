import Domain
import Testing

struct DiskCommandsTests {
    @Test func `become lines of a file`() throws {
        let text = "--hostname desk --run-command 'touch \"/var/tmp/a b\"' --write=/etc/motd:hello=you"
        #expect(
            try DiskCommands(written: text).lines == [
                "hostname desk", "run-command touch \"/var/tmp/a b\"", "write /etc/motd:hello=you",
            ])
    }

    @Test(arguments: [
        "", "hostname desk", "--hostname", "--hostname=", "--hostname 'desk", "--hostname 'a\nrun-command b'",
        "--upload /etc/shadow:/x", "--add /dev/sda", "--install vim", "--run /etc/passwd", "-a x", "--format raw",
        "--commands-from-file /x", "--hostname a\\",
    ])
    func `that need more than the disk, or are none, are refused`(text: String) {
        #expect(throws: DiskCommands.Problem.self) { try DiskCommands(written: text) }
        #expect(BootScriptRule(written: "virt-customize: \(text)") == nil)
    }

    @Test func `are an administrator's alone`() throws {
        #expect(BootScriptSource(written: "virt-customize: --hostname x") == nil)
        let rule = try #require(BootScriptRule(written: "if(user=ann): virt-customize: --hostname x"))
        #expect(rule.source == .disk(try DiskCommands(written: "--hostname x")))
    }
}
