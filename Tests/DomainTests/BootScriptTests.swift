import Domain
import Testing

@Suite struct BootScriptTests {
    @Test(arguments: [
        ("exec: touch /tmp/x", "#!/bin/sh\ntouch /tmp/x\n"), ("bash:echo $((1+1))", "#!/bin/bash\necho $((1+1))\n"),
        ("exec:\ncd /\nif(x): y", "#!/bin/sh\ncd /\nif(x): y\n"),
        ("  #!/usr/bin/perl\nprint 1", "#!/usr/bin/perl\nprint 1\n"),
        ("cmd: net use Z: \\\\files\\ann", "@echo off\nnet use Z: \\\\files\\ann\n"),
        ("@echo off\r\necho a\r\n", "@echo off\r\necho a\n"),
    ])
    func `a text is a script`(written: String, script: String) {
        #expect(BootScriptSource(written: written) == .text(script))
    }

    @Test(arguments: [
        "", " ", "exec:", "bash: \n ", "#!", "#!/bin/sh\n", "cmd: ", "@echo off", "touch x", "ftp://x",
        "https://ann:pw@x/y", "ftp://x/y",
        "https:///y", "file:///etc/passwd", "/a\n/b",
    ])
    func `what is none is none`(written: String) { #expect(BootScriptSource(written: written) == nil) }

    @Test(arguments: [
        ("echo a\n", "x.sh", "#!/bin/sh\necho a\n"), ("#!/bin/sh\n", "x.bat", "#!/bin/sh\n"),
        ("echo a\n", "/a/x.BAT", "@rem\necho a\n"), ("echo a\n", "https://a/x.cmd", "@rem\necho a\n"),
        ("@echo off\n", "x", "@echo off\n"), ("\u{FEFF}@echo off\n", "x.bat", "@echo off\n"),
        ("echo a\n", "", "#!/bin/sh\necho a\n"),
    ])
    func `a file's first line, or its name, says what runs it`(contents: String, name: String, script: String) {
        #expect(BootScriptSource.script(contents, ofFile: name) == script)
    }

    @Test func `a path is one`() {
        #expect(BootScriptSource(written: " /etc/qwd/scripts/site.sh ") == .path("/etc/qwd/scripts/site.sh"))
    }

    @Test(arguments: [
        ("user=alice,bob", true), ("user=alice", false), ("user!=alice", true), ("group=staff", true),
        ("group = students , staff", true), ("group!=staff", false), ("machine=a.iso;user=bob", true),
        ("machine=a.iso;user=alice", false), ("user=BOB", false), ("group=cn=staff", false),
    ])
    func `a condition holds or not`(written: String, holds: Bool) throws {
        let condition = try #require(BootScriptCondition(written: written))
        let groups = ["cn=staff,ou=groups,dc=example", "people"]
        #expect(condition.holds(user: "bob", groups: groups, machine: "a.iso") == holds)
    }

    @Test func `a condition says for which machines, or not`() throws {
        for (written, names) in [("machine=a.iso", true), ("machine!=a.iso", false), ("user=machine", false)] {
            #expect(try #require(BootScriptCondition(written: written)).namesMachines == names, "\(written)")
        }
    }

    @Test(arguments: [
        "", "user", "user=", "user=a,", "admin=a", "user=a;", "user==a", "`id`=x", "user=a or user=b;", "user<a",
    ])
    func `what is not understood holds for nobody`(written: String) {
        let condition = BootScriptCondition(written: written)
        // A name with an odd sign is a name.
        #expect(condition == nil || condition?.holds(user: "a", groups: [], machine: "m") == false, "\(written)")
    }

    @Test func `a rule is a condition and a script`() throws {
        let rule = try #require(BootScriptRule(written: "if(user=alice,bob): exec: touch /var/tmp/was-here"))
        #expect(rule.source == .text("#!/bin/sh\ntouch /var/tmp/was-here\n"))
        #expect(rule.condition?.holds(user: "bob", groups: [], machine: "") == true)
        #expect(rule.condition?.holds(user: "cid", groups: [], machine: "") == false)
        let all = try #require(BootScriptRule(written: "/etc/qwd/scripts/site.sh"))
        #expect(all.condition == nil && all.source == .path("/etc/qwd/scripts/site.sh"))
        for wrong in ["if(user=a) exec: x", "if(): exec: x", "if(user=a):", "if(system('x')): exec: y"] {
            #expect(BootScriptRule(written: wrong) == nil, "\(wrong)")
        }
    }

    @Test(arguments: [
        ("qwd-script 1/3 0 : done here", BootScriptResult(number: 1, count: 3, code: 0, lastLine: "done here")),
        ("qwd-script 3/3 127 :", BootScriptResult(number: 3, count: 3, code: 127, lastLine: "")),
    ])
    func `a result is read as it is written`(line: String, result: BootScriptResult) {
        #expect(BootScriptResult(line: line) == result)
        #expect(BootScriptResult(line: result.text) == result)
    }

    @Test(arguments: [
        "", "qwd-script", "qwd-script 1/3 0", "qwd-script 4/3 0 : x", "qwd-script 0/3 0 : x", "qwd-script 1/3 256 : x",
        "qwd-script 1/99 0 : x", "qwd-script 1/1 -1 : x", "[ 1.0] qwd-script 1/1 0 : x", "qwd-scripts 1/1 0 : x",
    ])
    func `no other line is a result`(line: String) { #expect(BootScriptResult(line: line) == nil) }
}
