@testable import Accounts
import Domain
import Glibc
import Testing

@Suite(.timeLimit(.minutes(1)))
struct CommandTests {
    private func signIn(
        _ user: String, _ password: String, path: String = Tools.script("checker.sh"), limit: Duration = .seconds(20)
    ) async throws(AccountsError) -> Person? {
        var options = CommandMethod.Options(path: path)
        options.timeout = limit
        return try await CommandMethod(options).person(for: Credentials(user: user, password: Secret(password)))
    }

    @Test func `the program reads user and password and answers by its exit code`() async throws {
        #expect(try await signIn("alice", "secret") == Person(name: "alice", method: "command"))
        #expect(try await signIn("alice", "wrong") == nil)
        #expect(try await signIn("bob", "secret") == nil)
        #expect(try await signIn("code0", "x")?.name == "code0")
        #expect(try await signIn("code1", "x") == nil)
    }

    @Test func `nothing in user or password means anything to a shell`() async throws {
        #expect(try await signIn("spaced \"name\" $HOME", " p \"$w`x` ")?.method == "command")
    }

    @Test(arguments: [
        ("alice\nsecret", "x"), ("alice", "secret\n"), ("alice", "a\rb"), ("alice", "a\0b"), ("a\0", "x"),
    ])
    func `a line break is refused before the program runs`(user: String, password: String) async throws {
        #expect(try await signIn(user, password, path: "/nowhere") == nil)
    }

    @Test func `the program has no arguments, no environment, no open files and no output`() async throws {
        #expect(try await signIn("clean", "x")?.name == "clean")
        #expect(try await signIn("loud", "x")?.name == "loud")
    }

    @Test(arguments: [("jose\u{301}", false), ("jos\u{E9}", false), ("rene\u{301}", true), ("ren\u{E9}", true)])
    func `the program is asked for the one spelling that names have, however it is typed`(
        typed: String, isKnown: Bool
    ) async throws {
        let name = try await signIn(typed, "accents")?.name
        #expect((name != nil) == isKnown)
        if let name { #expect(name.text.utf8.elementsEqual("ren\u{E9}".utf8)) }
    }

    @Test(arguments: ["bob", "BOB", "Bob"])
    func `whom the program calls bob is bob, however he types it`(typed: String) async throws {
        #expect(try await signIn(typed, "x")?.name == "bob")
    }

    @Test(arguments: [
        ("prints", "prints"), ("prints\\n", "prints\\n"), ("printsalice", "alice"), ("printsalice\\n", "alice"),
        ("printsjose\\314\\201\\n", "jos\u{E9}"), ("leaves", "leaves"),
    ])
    func `one line is the name, none means as it was typed`(typed: String, name: String) async throws {
        #expect(try await signIn(typed, "x")?.name.text.utf8.elementsEqual(name.utf8) == true)
    }

    @Test(arguments: [
        "prints\\040", "printsalice\\nbob\\n", "printsalice\\040", "printsal\\000ice", "prints\\377",
        "printsalice\\r\\n",
        "printsal\\342\\200\\213ice", "prints\\n\\n", "chatty",
    ])
    func `what is printed and is no name lets nobody in, and is the administrator's`(typed: String) async throws {
        let error = await #expect(throws: AccountsError.self) { try await self.signIn(typed, "x") }
        #expect(error?.code == .badConfiguration)
        #expect(error?.detail.contains("checker.sh") == true)
    }

    @Test func `a name printed by a program that says no is nobody's`() async throws {
        #expect(try await signIn("denies", "x") == nil)
    }

    @Test(arguments: ["code2", "code77", "code255", "crash"])
    func `any other end can't decide`(user: String) async throws {
        let error = await #expect(throws: AccountsError.self) { try await self.signIn(user, "x") }
        #expect(error?.code == .system)
    }

    @Test(arguments: ["", "checker.sh", "/nowhere", "/etc/passwd", "/"])
    func `a path that is no program is refused and named`(path: String) async throws {
        let error = await #expect(throws: AccountsError.self) { try await self.signIn("alice", "secret", path: path) }
        #expect(error?.code == .badConfiguration)
    }

    @Test func `a program that does not end is killed with its children`() async throws {
        let scratch = try Scratch()
        let start = ContinuousClock.now
        let error = await #expect(throws: AccountsError.self) {
            try await self.signIn("slow", "\(scratch.path)/pids", limit: .seconds(2))
        }
        #expect(error?.code == .timeout)
        #expect(ContinuousClock.now - start < .seconds(30))
        let pids = scratch.read("pids").split { $0.isWhitespace }.compactMap { pid_t($0) }
        #expect(pids.count == 2)
        // The kernel takes a moment; the suite's time limit ends a wait for ever.
        while pids.contains(where: { kill($0, 0) == 0 && !isZombie($0) }) { await Task.yield() }
    }

    /// Ended and not yet reaped by its parent, which may be an init that takes its time.
    private func isZombie(_ pid: pid_t) -> Bool {
        guard let file = fopen("/proc/\(pid)/stat", "r") else { return true }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        fgets(&line, CInt(line.count), file)
        return String(decoding: line.map(UInt8.init(bitPattern:)), as: UTF8.self).contains(") Z ")
    }
}
