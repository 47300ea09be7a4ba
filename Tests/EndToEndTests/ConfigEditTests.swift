import Foundation
import Processes
import Testing
import TestSupport

/// `qwd config edit` with editors that do what a person would.
@Suite(.timeLimit(.minutes(1)))
struct ConfigEditTests {
    private static let good = "auth:\n  methods: [none]\n"

    /// A directory with a configuration, and an editor that runs some lines; `$1` is the file.
    private final class Desk {
        let root = "/tmp/qwd-edit-\(UInt32.random(in: 0...UInt32.max))"
        var file: String
        var draft: String { "\(file).draft" }

        init(_ text: String?, editor: String) throws {
            file = "\(root)/qwd.yaml"
            try Files.makeDirectory(root)
            if let text { try Files.write(text, to: file) }
            try Files.write("#!/bin/sh\n\(editor)\n", to: "\(root)/editor")
            chmod("\(root)/editor", 0o700)
        }

        deinit { Files.remove(root) }

        /// - Parameter answers: What the person at a terminal types; nil: there is nobody.
        func edit(answers: String? = nil) async throws -> (status: Int32, errors: String) {
            try await offPool { [root, file] in
                let process = Process()
                process.executableURL = URL(filePath: builtProgram)
                process.arguments = ["config", "edit", "--config", file]
                process.environment = programEnvironment(runtime: root)
                    .merging(["VISUAL": "\(root)/editor", "EDITOR": "/bin/false"]) { $1 }
                let errors = Pipe()
                process.standardError = errors
                process.standardInput = FileHandle.nullDevice
                let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY)
                defer { close(terminal) }
                if let answers {
                    // TIOCSPTLCK and TIOCGPTN (ioctl_tty(2)): it may be opened, and is called so.
                    var (lock, number) = (CInt(0), CInt(-1))
                    try #require(ioctl(terminal, 0x4004_5431, &lock) == 0 && ioctl(terminal, 0x8004_5430, &number) == 0)
                    let other = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
                    process.standardInput = FileHandle(fileDescriptor: other, closeOnDealloc: true)
                    write(terminal, answers, answers.utf8.count)
                }
                try process.run()
                let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
                process.waitUntilExit()
                return (process.terminationStatus, text)
            }
        }
    }

    @Test func `a right change replaces the file, which keeps its mode`() async throws {
        let desk = try Desk(Self.good, editor: "echo 'log: { level: debug }' >> \"$1\"")
        chmod(desk.file, 0o640)
        let answer = try await desk.edit()
        #expect(answer.status == 0 && answer.errors.contains("\(desk.file) is replaced"), "\(answer)")
        #expect(Files.read(desk.file) == Self.good + "log: { level: debug }\n")
        #expect(FileRights(of: desk.file)?.mode == 0o640)
        #expect(Set(Files.names(in: desk.root)) == ["qwd.yaml", "editor"])
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func `the file keeps its owner, also where the editor makes a new one`() async throws {
        let desk = try Desk(
            Self.good, editor: "cp \"$1\" \"$1.new\"; echo '# more' >> \"$1.new\"; mv \"$1.new\" \"$1\"")
        chown(desk.file, 4242, 4343)
        #expect(try await desk.edit().status == 0)
        let rights = FileRights(of: desk.file)
        #expect(rights?.user == 4242 && rights?.group == 4343)
        #expect(Files.read(desk.file)?.hasSuffix("# more\n") == true)
    }

    @Test func `a wrong draft is named with each error, is kept, and the next edit goes on with it`() async throws {
        let desk = try Desk(
            Self.good, editor: "printf 'log: { level: loud }\\nworker: { concurent_jobs: 2 }\\n' >> \"$1\"")
        let answer = try await desk.edit()
        #expect(answer.status == 78)
        for words in ["log.level", "did you mean worker.concurrent_jobs", "The draft is kept: \(desk.draft)"] {
            #expect(answer.errors.contains(words), "\(words): \(answer.errors)")
        }
        #expect(Files.read(desk.file) == Self.good)
        #expect(FileRights(of: desk.draft)?.mode == 0o600, "there may be a password in it")
        try Files.write(
            "#!/bin/sh\nsed -i -e s/loud/debug/ -e s/concurent/concurrent/ \"$1\"\n", to: "\(desk.root)/editor")
        chmod("\(desk.root)/editor", 0o700)
        #expect(try await desk.edit().status == 0)
        #expect(Files.read(desk.file)?.contains("concurrent_jobs: 2") == true)
    }

    @Test(arguments: [("y\n", Int32(0)), ("n\n", 78)])
    func `a person is asked whether to edit again`(answer: String, status: Int32) async throws {
        let desk = try Desk(
            Self.good,
            editor:
                "if [ -e \"$0.again\" ]; then echo 'log: { level: debug }' >> \"$1.fixed\"; mv \"$1.fixed\" \"$1\"; "
                + "else touch \"$0.again\"; echo 'nope: 1' >> \"$1\"; fi")
        let found = try await desk.edit(answers: answer)
        #expect(found.status == status && found.errors.contains("Edit it again? [y/N]"), "\(found)")
        #expect(Files.read(desk.file) == (status == 0 ? "log: { level: debug }\n" : Self.good))
        #expect(Files.exists(desk.draft) == (status != 0))
    }

    @Test func `where there is no file, every key is there as a comment, and a look alone makes none`() async throws {
        let desk = try Desk(nil, editor: "cp \"$1\" \"$0.seen\"")
        #expect(try await desk.edit().status == 0)
        #expect(Files.read("\(desk.root)/editor.seen")?.contains("#listen: \"127.0.0.1:8080\"") == true)
        #expect(!Files.exists(desk.file) && !Files.exists(desk.draft))
    }

    @Test func `on a new host the directory is made, for everybody to read`() async throws {
        let desk = try Desk(nil, editor: "echo 'log: { level: debug }' > \"$1\"")
        desk.file = "\(desk.root)/etc/qwd/qwd.yaml"
        #expect(try await desk.edit().status == 0)
        #expect(Files.read(desk.file) == "log: { level: debug }\n")
        #expect(FileRights(of: "\(desk.root)/etc/qwd")?.mode == 0o755 && FileRights(of: desk.file)?.mode == 0o644)
    }

    @Test func `a file that was changed meanwhile is not replaced`() async throws {
        let desk = try Desk(Self.good, editor: "echo '# mine' >> \"$1\"; echo '# theirs' >> \"${1%.draft}\"")
        let answer = try await desk.edit()
        #expect(answer.status == 1 && answer.errors.contains("Somebody else has changed"), "\(answer)")
        #expect(Files.read(desk.file) == Self.good + "# theirs\n")
        #expect(Files.read(desk.draft) == Self.good + "# mine\n")
    }

    @Test func `an editor that fails changes nothing`() async throws {
        let desk = try Desk(Self.good, editor: "echo '# mine' >> \"$1\"; exit 3")
        let answer = try await desk.edit()
        #expect(answer.status == 1 && answer.errors.contains("ended with 3"), "\(answer)")
        #expect(Files.read(desk.file) == Self.good)
    }
}
