import Foundation
import Glibc
@testable import ImageBuilder
import Processes
import Testing

private func temporaryDirectory() -> String {
    NSTemporaryDirectory() + "qwd-image-test-\(UUID().uuidString.prefix(8))"
}

@Suite struct `Output of programs` {
    @Test func `is cut into lines at line feeds and carriage returns, whatever the pieces`() {
        var splitter = LineSplitter()
        #expect(splitter.add("one\ntw".utf8) == ["one"])
        #expect(splitter.add("o\r\r\nthree\r".utf8) == ["two", "three"])
        #expect(splitter.add("rest".utf8) == [])
        #expect(splitter.end() == "rest")
        #expect(splitter.end() == nil)
    }

    @Test(arguments: [
        ("E: Temporary failure resolving 'deb.debian.org'", "proxy"), ("dd: No space left on device", "space"),
        ("E: Release file for http://x is not valid yet", "clock"), ("something else", "Build again"),
    ])
    func `that is known leads to advice`(line: String, advice: String) {
        #expect(FailureHints.find(["first", line]).contains(advice))
    }

    @Test(.enabled(if: geteuid() == 0, "the namespaces of a build take root, or rights that not every user has"))
    func `is that of programs without our environment, in which there may be a password`() async throws {
        setenv("QWDTEST_SECRET_TOKEN", "sesame", 1)
        setenv("ftp_proxy", "http://proxy.example:3128", 1)
        defer {
            unsetenv("QWDTEST_SECRET_TOKEN")
            unsetenv("ftp_proxy")
        }
        let directory = temporaryDirectory()
        try Files.makeDirectory(directory)
        let runner = CommandRunner(
            enclosure: NamespaceSandbox(isRoot: true), log: try BuildLog(path: "\(directory)/log"))
        let environment = try await runner.output("env", [])
        #expect(environment.contains("PATH=") && !environment.contains("sesame"), "\(environment)")
        #expect(environment.contains("ftp_proxy=http://proxy.example:3128"), "packages come by it")
        Files.remove(directory)
    }

    @Test func `names the real kernel behind the metapackage`() {
        let relations = "linux-image-amd64\n  Depends: linux-image-6.1.0-56-amd64\n  Conflicts: linux-image-old\n"
        #expect(ImagePipeline.dependency(in: relations) == "linux-image-6.1.0-56-amd64")
        #expect(ImagePipeline.dependency(in: "linux-image-amd64\n") == nil)
    }
}

@Suite struct `The work directory` {
    @Test func `belongs to one build at a time and is gone afterwards`() throws {
        let parent = temporaryDirectory()
        let first = try BuildDirectory(in: parent, name: "desktop")
        let mode = try FileManager.default.attributesOfItem(atPath: first.path)[.posixPermissions] as? Int
        #expect(mode == 0o700)
        let error = try #require(throws: ImageBuildError.self) { _ = try BuildDirectory(in: parent, name: "desktop") }
        #expect(error.code == .busy)
        let other = try BuildDirectory(in: parent, name: "other")
        other.remove()
        first.remove()
        #expect(!FileManager.default.fileExists(atPath: parent))
    }

    @Test func `leaves a parent that was there before`() throws {
        let parent = temporaryDirectory()
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: parent) }
        let directory = try BuildDirectory(in: parent, name: "desktop")
        directory.remove()
        #expect(FileManager.default.fileExists(atPath: parent))
    }
}

/// Namespaces can be made by root; for others it depends on the host.
@Suite(.enabled(if: geteuid() == 0, "needs root to make namespaces"), .timeLimit(.minutes(2)))
struct `Programs of a build` {
    private func tools() throws -> CommandRunner {
        CommandRunner(enclosure: NamespaceSandbox(isRoot: true), log: try BuildLog(path: "/dev/null"))
    }

    @Test func `run to their end and tell what they wrote`() async throws {
        #expect(try await tools().output("echo", ["one", "two words", "$HOME; true"]) == "one two words $HOME; true")
    }

    @Test func `read what they are given`() async throws {
        var lines: [String] = []
        try await tools().run("cat", [], input: "first\nsecond\n") { lines.append($0) }
        #expect(lines == ["first", "second"])
    }

    @Test func `that fail tell status and last lines`() async throws {
        let failure = try await #require(throws: CommandRunner.Failure.self) {
            try await tools().run("ls", ["/no/such/file"])
        }
        #expect(failure.command == "ls")
        #expect(failure.tail.last?.contains("/no/such/file") == true)
    }

    @Test func `see no process but their own`() async throws {
        // The mount of a new /proc: process 1 is the program itself.
        #expect(try await tools().output("readlink", ["/proc/self"]) == "1")
    }

    @Test func `end with all their children when the build is cancelled`() async throws {
        let length = "3\(Int.random(in: 100_000...999_999))"
        let (started, signal) = AsyncStream.makeStream(of: Void.self)
        let build = Task {
            // timeout(1) forks: what it runs is a grandchild.
            try await tools().run("timeout", ["600", "sh", "-c", "echo started; sleep \(length); true"]) { _ in
                signal.finish()
            }
        }
        for await _ in started {}
        // unshare, timeout and the shell itself, at least.
        let processes = Files.names(in: "/proc").compactMap { Int32($0) }.compactMap {
            ProcessHandle(pid: $0, mark: "sleep \(length); true")
        }
        #expect(processes.count >= 3)
        build.cancel()
        await #expect(throws: (any Error).self) { try await build.value }
        // The kernel ends a namespace's processes after its first one, and we hear of that one only.
        for process in processes { #expect(await process.waitForEnd(limit: .seconds(10)), "process \(process.pid)") }
    }
}

@Suite struct `A build that can't begin` {
    @Test func `says which machines there are`() async throws {
        let error = try await #require(throws: ImageBuildError.self) {
            try await ImageBuild(name: "windows", output: "/tmp/x.qcow2", workDirectory: "/tmp").run { _ in }
        }
        #expect(error.code == .unknownMachine)
        #expect(error.advice.contains("debian-desktop"))
    }

    @Test(.enabled(if: HostPrograms.missing(isRoot: geteuid() == 0) == nil, "needs the programs of a build"))
    func `leaves nothing behind`() async throws {
        let directory = temporaryDirectory()
        let error = try await #require(throws: ImageBuildError.self) {
            try await ImageBuild(
                name: "debian-desktop", output: "/no/such/directory/x.qcow2", workDirectory: directory
            ).run { _ in }
        }
        #expect(error.code == .notAllowed)
        #expect(!FileManager.default.fileExists(atPath: directory))
    }
}
