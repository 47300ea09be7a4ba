import Foundation
import Processes
import Testing

struct OwnDirectoryTests {
    private let root = NSTemporaryDirectory() + "qwd-own-\(UUID().uuidString.prefix(8))"

    private func refusal(_ path: String) -> String? {
        do {
            try Files.makeOwnDirectory(path)
            return nil
        } catch {
            return error.detail
        }
    }

    @Test func `a directory is made for its owner alone, and taken again`() throws {
        defer { Files.remove(root) }
        #expect(refusal("\(root)/a/b") == nil)
        #expect(refusal("\(root)/a/b") == nil)
        let mode = try FileManager.default.attributesOfItem(atPath: "\(root)/a/b")[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o700)
    }

    @Test(arguments: [0o777, 0o770, 0o720, 0o1777])
    func `one that others may change is refused with the way out`(mode: Int) throws {
        defer { Files.remove(root) }
        try Files.makeDirectory(root)
        chmod(root, mode_t(mode))
        #expect(refusal(root)?.contains("chmod go-w") == true)
        chmod(root, 0o755)
        #expect(refusal(root) == nil)
    }

    @Test func `a link is refused, wherever it leads`() throws {
        defer { Files.remove(root) }
        try Files.makeDirectory("\(root)/real")
        try Files.link("\(root)/link", to: "\(root)/real")
        #expect(refusal("\(root)/link")?.contains("runtime_dir") == true)
    }

    @Test(.enabled(if: geteuid() == 0, "gives a directory to somebody else, which needs root"))
    func `one of somebody else is refused`() throws {
        defer { Files.remove(root) }
        try Files.makeDirectory(root)
        chown(root, 65534, 65534)
        #expect(refusal(root)?.contains("65534") == true)
    }

    @Test(arguments: [0o777, 0o775, 0o757])
    func `one below a directory in which others rename is refused, and nothing is made there`(mode: Int) throws {
        defer { Files.remove(root) }
        try Files.makeDirectory("\(root)/open")
        chmod("\(root)/open", mode_t(mode))
        let told = refusal("\(root)/open/a/b")
        #expect(told?.contains("\(root)/open lets others rename") == true)
        #expect(told?.contains("chmod go-w \(root)/open") == true && told?.contains("state_dir") == true)
        #expect(Files.names(in: "\(root)/open").isEmpty)
    }

    @Test func `one below a sticky directory is taken, as those in tmp are`() throws {
        defer { Files.remove(root) }
        try Files.makeDirectory("\(root)/open")
        chmod("\(root)/open", 0o1777)
        #expect(refusal("\(root)/open/a") == nil)
    }

    @Test func `a link on the way is followed, and where it leads is looked at`() throws {
        defer { Files.remove(root) }
        try Files.makeDirectory("\(root)/real")
        try Files.link("\(root)/way", to: "\(root)/real")
        try Files.link("\(root)/round", to: "round")
        #expect(refusal("\(root)/way/a") == nil)
        #expect(refusal("\(root)/real/../way/./a") == nil)
        #expect(refusal("\(root)/round/a") != nil)
        chmod("\(root)/real", 0o777)
        #expect(refusal("\(root)/way/a")?.contains("\(root)/real lets others rename") == true)
    }

    @Test(.enabled(if: geteuid() == 0, "gives directories to somebody else, which needs root"))
    func `one below a directory, or behind a link, of somebody else is refused`() throws {
        defer { Files.remove(root) }
        try Files.makeDirectory("\(root)/theirs")
        chown("\(root)/theirs", 65534, 65534)
        #expect(refusal("\(root)/theirs/a/b")?.contains("\(root)/theirs belongs to user 65534") == true)
        try Files.makeDirectory("\(root)/tmp")
        chmod("\(root)/tmp", 0o1777)
        try Files.makeDirectory("\(root)/ours")
        try Files.link("\(root)/tmp/way", to: "\(root)/ours")
        #expect(refusal("\(root)/tmp/way/a") == nil)
        lchown("\(root)/tmp/way", 65534, 65534)
        #expect(refusal("\(root)/tmp/way/a")?.contains("65534") == true)
    }

    // MARK: Files

    private func fileRefusal(_ path: String) -> String? {
        do {
            try Files.checkOwnFile(path)
            return nil
        } catch {
            return error.detail
        }
    }

    /// A program that a configuration names, for its owner alone.
    private func makeProgram() throws -> String {
        try Files.makeDirectory("\(root)/a")
        try Files.write("#!/bin/true", to: "\(root)/a/program")
        chmod("\(root)/a/program", 0o755)
        return "\(root)/a/program"
    }

    @Test func `a file that nobody else can change or replace is believed, through links too`() throws {
        defer { Files.remove(root) }
        let program = try makeProgram()
        #expect(fileRefusal(program) == nil)
        try Files.link("\(root)/link", to: "a/program")
        #expect(fileRefusal("\(root)/link") == nil)
        #expect(fileRefusal("/usr/bin/env") == nil)
        #expect(fileRefusal("\(root)/none") != nil)
        #expect(fileRefusal("\(root)/a")?.contains("no file") == true)
    }

    @Test(arguments: [0o777, 0o775, 0o757])
    func `one that others may change or replace is refused with the way out`(mode: Int) throws {
        defer { Files.remove(root) }
        let program = try makeProgram()
        try Files.link("\(root)/link", to: "a/program")
        chmod(program, mode_t(mode))
        for path in [program, "\(root)/link"] {
            #expect(fileRefusal(path)?.contains("chmod go-w \(program)") == true)
        }
        chmod(program, 0o755)
        chmod("\(root)/a", mode_t(mode))
        for path in [program, "\(root)/link"] {
            #expect(fileRefusal(path)?.contains("chmod go-w \(root)/a") == true)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "gives a file to somebody else, which needs root"))
    func `one of somebody else is refused, and so is a link of theirs`() throws {
        defer { Files.remove(root) }
        let program = try makeProgram()
        try Files.link("\(root)/link", to: "a/program")
        lchown("\(root)/link", 65534, 65534)
        #expect(fileRefusal("\(root)/link")?.contains("65534") == true)
        #expect(fileRefusal(program) == nil)
        chown(program, 65534, 65534)
        #expect(fileRefusal(program)?.contains("65534") == true)
    }
}
