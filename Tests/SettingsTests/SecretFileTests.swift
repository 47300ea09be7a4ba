import Domain
import Foundation
import Settings
import Testing

struct SecretFileTests {
    let directory = Result { try ConfigurationDirectory() }

    private func file(_ text: String, mode: Int = 0o600) throws -> String {
        let directory = try directory.get()
        try directory.write(text, to: "secret")
        let path = directory.path + "/secret"
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    @Test(arguments: [
        ("hunter2", "hunter2"), ("hunter2\n", "hunter2"), ("hunter2\r\n", "hunter2"), ("hunter2\n\n", "hunter2\n"),
        (" hunter 2 \n", " hunter 2 "), ("pässwörd\n", "pässwörd"),
    ])
    func `a secret is read without the line break at its end`(text: String, secret: String) throws {
        #expect(try SecretFile.read(path: file(text)).revealed == secret)
    }

    @Test(arguments: [0o600, 0o400, 0o700])
    func `a file that only its owner reads is good`(mode: Int) throws {
        #expect(try SecretFile.read(path: file("hunter2", mode: mode)).revealed == "hunter2")
    }

    @Test func `one of root's may be read by a group, and one of somebody else's by nobody`() throws {
        let path = try file("sesame\n", mode: 0o640)
        let isRoot = geteuid() == 0
        #expect((try? SecretFile.read(path: path).revealed) == (isRoot ? "sesame" : nil))
        if isRoot {
            try #require(chown(path, 65_534, 0) == 0)
            #expect(throws: SecretFileError(path: path, code: .exposed, detail: "mode 0640")) {
                try SecretFile.read(path: path)
            }
        }
    }

    @Test(arguments: [(0o660, "mode 0660"), (0o644, "mode 0644"), (0o604, "mode 0604"), (0o620, "mode 0620")])
    func `a file that others reach is refused with the way out`(mode: Int, detail: String) throws {
        let path = try file("hunter2", mode: mode)
        let error = #expect(throws: SecretFileError.self) { try SecretFile.read(path: path) }
        #expect(error == SecretFileError(path: path, code: .exposed, detail: detail))
        #expect(error?.description.hasSuffix("run: chmod 600 \(path)") == true)
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test(.enabled(if: geteuid() == 0, "gives a file to somebody else, which needs root"))
    func `a file of somebody else is refused with the way out`() throws {
        let path = try file("hunter2")
        #expect(chown(path, 65534, 65534) == 0)
        let error = #expect(throws: SecretFileError.self) { try SecretFile.read(path: path) }
        #expect(error?.code == .foreign)
        #expect(error?.description.contains("65534") == true && error?.description.contains("chown") == true)
        #expect(chown(path, 0, 65534) == 0)
        #expect(try SecretFile.read(path: path).revealed == "hunter2")
    }

    @Test func `a link counts as what it points to`() throws {
        let path = try file("hunter2")
        let link = path + ".link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        #expect(try SecretFile.read(path: link).revealed == "hunter2")
        _ = try file("hunter2", mode: 0o644)
        #expect(throws: SecretFileError(path: link, code: .exposed, detail: "mode 0644")) {
            try SecretFile.read(path: link)
        }
    }

    @Test(arguments: [
        ("", SecretFileError.Code.empty), ("\n", .empty), ("\r\n", .empty), ("hunter\u{0}2", .notText),
    ])
    func `a file without a secret is refused`(text: String, code: SecretFileError.Code) throws {
        let path = try file(text)
        #expect(throws: SecretFileError(path: path, code: code)) { try SecretFile.read(path: path) }
    }

    @Test func `bytes that are no text are refused`() throws {
        let path = try file("")
        try Data([0xFF]).write(to: URL(filePath: path))
        #expect(throws: SecretFileError(path: path, code: .notText)) { try SecretFile.read(path: path) }
    }

    @Test func `what is no file is refused`() throws {
        let directory = try directory.get()
        #expect(throws: SecretFileError(path: directory.path, code: .notAFile)) {
            try SecretFile.read(path: directory.path)
        }
        #expect(throws: SecretFileError(path: "/dev/zero", code: .notAFile)) { try SecretFile.read(path: "/dev/zero") }
        let fifo = directory.path + "/fifo"
        #expect(mkfifo(fifo, 0o600) == 0)
        #expect(throws: SecretFileError(path: fifo, code: .notAFile)) { try SecretFile.read(path: fifo) }
    }

    @Test func `a file that is missing is named`() throws {
        let path = try directory.get().path + "/none"
        let error = #expect(throws: SecretFileError.self) { try SecretFile.read(path: path) }
        #expect(error?.code == .missing)
        #expect(error?.description.hasPrefix("\(path): there is no such file") == true)
    }

    @Test func `a secret is never printed`() throws {
        let secret = try SecretFile.read(path: file("hunter2"))
        var dumped = ""
        dump(secret, to: &dumped)
        #expect(!"\(secret)\(String(reflecting: secret))\([secret])\(dumped)".contains("hunter2"))
    }
}
