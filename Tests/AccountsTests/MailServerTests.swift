@testable import Accounts
import Domain
import Foundation
import Testing

@Suite(
    .timeLimit(.minutes(1)),
    .enabled(if: Tools.exists(Tools.python), "needs the Python of QWDTEST_PYTHON with aiosmtpd"))
struct MailServerTests {
    private func options(
        _ method: MailServer.Method, _ url: String, user: String = "alice", password: String = "secret"
    ) async throws -> MailServer.Options {
        var options = MailServer.Options(url: url)
        options.method = method
        options.user = user
        options.password = Secret(user.isEmpty ? "" : password)
        options.ca = try await Certificates.shared.ca
        return options
    }

    private func failure(_ options: MailServer.Options, to: String = "bob@example.org") async -> AccountsError.Code? {
        await #expect(throws: AccountsError.self) {
            try await MailServer(options).send(try Letter.plain(to: to))
        }?.code
    }

    private func expectMail(
        _ server: PythonServer, way: String, tls: Bool = true, authenticated: Bool = true,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let facts = KeptMail.Facts(
            way: way, tls: tls, sender: "qwd@example.org", recipients: ["bob@example.org"], authenticated: authenticated
        )
        #expect(try server.mails().map(\.facts) == [facts], sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        (MailServer.Method.ssl, "tls", "smtp"), (.ssl, "tls", "smtps"), (.port, "starttls", "smtp"),
        (.auto, "tls", "smtp"), (.auto, "tls", "smtps"), (.auto, "starttls", "smtp"),
    ])
    func `a mail is sent with TLS and a password`(method: MailServer.Method, way: String, scheme: String) async throws {
        let server = try await PythonServer("smtpd.py")
        let options = try await options(method, "\(scheme)://127.0.0.1:\(try server.port(way))")
        try await MailServer(options).send(try Letter.plain(to: "bob@example.org"))
        try expectMail(server, way: way)
    }

    @Test func `a simple mail is sent in clear and without a password`() async throws {
        let server = try await PythonServer("smtpd.py")
        let url = "smtp://127.0.0.1:\(try server.port("plain"))"
        try await MailServer(try await options(.simple, url, user: "")).send(try Letter.plain(to: "bob@example.org"))
        try expectMail(server, way: "plain", tls: false, authenticated: false)
        #expect(await failure(try await options(.simple, url)) == .badConfiguration)
    }

    @Test func `auto tries TLS, then STARTTLS, then without a password in clear, each at its port`() async throws {
        let server = try await PythonServer("smtpd.py")
        var options = try await options(.auto, "smtp://127.0.0.1")
        let closed = try Ports.free()
        options.ports = (closed, try server.port("starttls"), try server.port("plain"))
        try await MailServer(options).send(try Letter.plain(to: "bob@example.org"))
        try expectMail(server, way: "starttls")

        options.ports = (closed, closed, try server.port("plain"))
        #expect(await failure(options) == .unavailable)
        options.user = ""
        options.password = Secret("")
        try await MailServer(options).send(try Letter.plain(to: "carol@example.org"))
        #expect(try server.mails().last?.facts.way == "plain")
    }

    @Test func `auto leaves a way that says nothing in time for the others`() async throws {
        let server = try await PythonServer("smtpd.py")
        let silent = try SilentServer()
        var options = try await options(.auto, "smtp://127.0.0.1")
        options.timeout = .seconds(10)
        options.ports = (silent.port, try server.port("starttls"), 0)
        try await MailServer(options).send(try Letter.plain(to: "bob@example.org"))
        try expectMail(server, way: "starttls")
    }

    @Test(arguments: [("tls", MailServer.Method.ssl), ("starttls", .port), ("tls", .auto), ("starttls", .auto)])
    func `a bad certificate is never answered with less security`(way: String, method: MailServer.Method) async throws {
        let server = try await PythonServer("smtpd.py")
        var options = try await options(method, "smtp://127.0.0.1:\(try server.port(way))", user: "")
        options.ca = try await Certificates.shared.otherCA
        #expect(await failure(options) == .insecure)
        if method == .auto {
            options.url = "smtp://127.0.0.1"
            let port = try server.port(way)
            let closed = try Ports.free()
            options.ports = (way == "tls" ? port : closed, way == "tls" ? closed : port, try server.port("plain"))
            #expect(await failure(options) == .insecure)
        }
        #expect(try server.mails().isEmpty)
    }

    @Test(arguments: [MailServer.Method.port, .ssl, .auto])
    func `a password is never sent to a server without TLS`(method: MailServer.Method) async throws {
        let server = try await PythonServer("smtpd.py")
        for way in ["plain", "plain-auth"] {
            let url = "smtp://127.0.0.1:\(try server.port(way))"
            #expect(await failure(try await options(method, url)) == .insecure)
        }
        #expect(try server.mails().isEmpty)
    }

    @Test(arguments: [("noauth", MailServer.Method.port), ("noauth-tls", .ssl), ("emptyauth", .port)])
    func `nothing is sent where the password can't be checked`(way: String, method: MailServer.Method) async throws {
        let server = try await PythonServer("smtpd.py")
        let options = try await options(method, "smtp://127.0.0.1:\(try server.port(way))")
        #expect(await failure(options) == .badConfiguration)
        #expect(try server.mails().isEmpty)
    }

    @Test func `what helps is told from what does not`() async throws {
        let server = try await PythonServer("smtpd.py")
        var options = try await options(.ssl, "smtp://127.0.0.1:\(try server.port("tls"))")
        #expect(await failure(options, to: "gone@example.org") == .rejected)
        #expect(await failure(options, to: "full@example.org") == .unavailable)
        options.password = Secret("wrong")
        #expect(await failure(options) == .badConfiguration)
        options.user = "busy"
        #expect(await failure(options) == .unavailable)
        options.url = "smtp://127.0.0.1:\(try Ports.free())"
        #expect(await failure(options) == .unavailable)
        let silent = try SilentServer()
        options.url = "smtp://127.0.0.1:\(silent.port)"
        options.timeout = .milliseconds(500)
        #expect(await failure(options) == .timeout)
        for url in ["", "smtp://", "http://host", "smtp://u:p@host"] {
            options.url = url
            #expect(await failure(options) == .badConfiguration)
        }
        #expect(try server.mails().isEmpty)
    }

    @Test func `the mail comes out as it went in`() async throws {
        let server = try await PythonServer("smtpd.py")
        let options = try await options(.ssl, "smtp://127.0.0.1:\(try server.port("tls"))")
        var message = try Letter.plain(subject: "Grüße", to: "bob@example.org", text: ".\n..\nFrom me\n.")
        message.html = "<img src=cid:qr>\n."
        message.images = [.init(cid: "qr", type: "image/png", bytes: Array(repeating: 0, count: 100_000))]
        try await MailServer(options).send(message)
        let mail = try #require(try server.mails().first)
        #expect(Array(mail.bytes) == (try message.rendered()))
        let parsed = try await ParsedMail(mail.bytes)
        #expect(parsed.headers["subject"] == "Grüße")
        #expect(parsed.body.parts?.first?.text?.trimmingCharacters(in: .newlines) == message.text)
    }
}
