@testable import Accounts
import Domain
import Testing

/// A method that answers as it is told.
private struct Scripted: SignInMethod {
    enum Answer: Sendable { case admits, refuses, fails }

    let name: String
    let answer: Answer
    let asked: Notes

    func person(for credentials: Credentials) throws(AccountsError) -> Person? {
        asked.append(name)
        switch answer {
        case .admits: return credentials.name.map { Person(name: $0, method: name) }
        case .refuses: return nil
        case .fails: throw AccountsError(.unavailable, name)
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct ChainTests {
    private let alice = Credentials(user: "alice", password: Secret("secret"))

    private func admitted(_ verdict: SignInChain.Verdict) -> Person? {
        if case .admitted(let person) = verdict { person } else { nil }
    }

    private func failures(_ verdict: SignInChain.Verdict) -> [AccountsError.Code]? {
        if case .undecided(let errors) = verdict { errors.map(\.code) } else { nil }
    }

    private func isRefusal(_ verdict: SignInChain.Verdict) -> Bool {
        if case .refused = verdict { true } else { false }
    }

    /// All answers of three methods: 27 chains.
    private static let matrix: [[Int]] = (0..<27).map { [$0 / 9, $0 / 3 % 3, $0 % 3] }

    @Test(arguments: matrix)
    func `the first success lets in, and nothing else does`(answers: [Int]) async {
        let asked = Notes()
        let reported = Notes()
        let methods = answers.enumerated().map { number, answer in
            Scripted(name: "\(number)", answer: [.admits, .refuses, .fails][answer], asked: asked)
        }
        let verdict = await SignInChain(methods: methods, report: { name, _ in reported.append(name) }).signIn(alice)
        let first = answers.firstIndex(of: 0)
        #expect(admitted(verdict)?.method == first.map { "\($0)" })
        // Nobody sees the password after a success.
        #expect(asked.all == (0...(first ?? 2)).map { "\($0)" })
        #expect(reported.all == answers[...(first ?? 2)].indices.filter { answers[$0] == 2 }.map { "\($0)" })
        if first == nil {
            let failing = answers.count { $0 == 2 }
            #expect(isRefusal(verdict) == (failing == 0))
            #expect((failures(verdict) ?? []).count == failing)
        }
    }

    @Test(arguments: [
        ("", "secret"), (" alice", "secret"), ("alice ", "secret"), ("alice", ""), ("", ""), ("al\0ice", "secret"),
        ("alice\n", "secret"), ("al\u{7}ice", "secret"),
        ("alice", "sec\0ret"), ("al\u{202E}ice", "secret"), ("\u{2028}", "secret"),
    ])
    func `what can't be a name or a password is refused before anybody is asked`(user: String, password: String) async {
        let asked = Notes()
        let chain = SignInChain(methods: [Scripted(name: "all", answer: .admits, asked: asked)])
        #expect(isRefusal(await chain.signIn(Credentials(user: user, password: Secret(password)))))
        #expect(asked.all.isEmpty)
    }

    @Test func `a name has at most 254 bytes`() async {
        let chain = SignInChain(methods: [NoneMethod()])
        let longest = Credentials(user: String(repeating: "ä", count: 127), password: Secret("x"))
        #expect(admitted(await chain.signIn(longest))?.name.text == longest.user)
        let longer = Credentials(user: longest.user + "a", password: Secret("x"))
        #expect(isRefusal(await chain.signIn(longer)))
    }

    @Test func `none admits everybody with a name, and needs no password`() async {
        let chain = SignInChain(methods: [NoneMethod()])
        #expect(admitted(await chain.signIn(alice)) == Person(name: "alice", method: "none"))
        #expect(admitted(await chain.signIn(Credentials(user: "bob", password: Secret(""))))?.name == "bob")
        #expect(isRefusal(await chain.signIn(Credentials(user: "", password: Secret("x")))))
    }

    @Test func `a chain without methods lets nobody in`() async {
        #expect(isRefusal(await SignInChain(methods: []).signIn(alice)))
    }

    @Test func `methods without a server let nobody in, and the next one is asked`() async throws {
        let empty: [any SignInMethod] = [
            LDAPMethod(LDAPMethod.Options(url: "ldap://", base: "dc=x")),
            IMAPMethod(MailAccountOptions(url: "imaps://")),
            SMTPMethod(MailAccountOptions(url: "")), CommandMethod(CommandMethod.Options(path: "")),
        ]
        #expect(failures(await SignInChain(methods: empty).signIn(alice)) == empty.map { _ in .badConfiguration })
        #expect(admitted(await SignInChain(methods: empty + [NoneMethod()]).signIn(alice))?.method == "none")
        for method in empty { #expect(throws: AccountsError.self) { try method.check() } }
    }

    @Test func `a hanging server keeps out, for its own time only, and the next method is asked`() async throws {
        let server = try SilentServer()
        var options = LDAPMethod.Options(url: "ldaps://127.0.0.1:\(server.port)", base: "dc=x")
        options.timeout = .milliseconds(300)
        let hanging = LDAPMethod(options)
        let start = ContinuousClock.now
        #expect(failures(await SignInChain(methods: [hanging]).signIn(alice)) == [.timeout])
        var program = CommandMethod.Options(path: Tools.script("checker.sh"))
        program.timeout = .seconds(20)
        let chain = SignInChain(methods: [hanging, CommandMethod(program)])
        #expect(admitted(await chain.signIn(alice))?.method == "command")
        #expect(failures(await chain.signIn(Credentials(user: "alice", password: Secret("wrong")))) == [.timeout])
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test func `nobody waits behind somebody else's hanging sign-in`() async throws {
        let server = try SilentServer()
        var options = MailAccountOptions(url: "imaps://127.0.0.1:\(server.port)")
        options.timeout = .seconds(2)
        let slow = SignInChain(methods: [IMAPMethod(options)])
        let quick = SignInChain(methods: [CommandMethod(CommandMethod.Options(path: Tools.script("checker.sh")))])
        let order = Notes()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<10 {
                group.addTask {
                    #expect(failures(await slow.signIn(alice)) == [.timeout])
                    order.append("slow")
                }
            }
            group.addTask {
                #expect(admitted(await quick.signIn(alice))?.name == "alice")
                order.append("quick")
            }
        }
        #expect(order.all.first == "quick")
    }
}
