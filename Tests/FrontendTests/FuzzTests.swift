import Domain
@testable import Frontend
import Queue
import Testing

/// What nobody types: each answer is a 4xx that names the field, and nothing is enqueued.
@Suite(.timeLimit(.minutes(2)))
struct FuzzTests {
    static let texts = [
        "\"", "'", "a b", "--help", "-1", "a\nb", "a\u{0}b", "../../etc/passwd", "%", "1;2", "1e9", "0", "+4", "１",
        "99999999999999999999", "4.5.6", ".", "NaN", String(repeating: "9", count: 2000), "\u{7f}", "<b>", "\u{feff}1",
    ]

    /// Fields with texts that are right for them, or that nobody reads.
    static func isFine(_ field: CreateForm.Field, _ text: String) -> Bool {
        switch field {
        case .user: ["--help", "-1", "0", "1e9", "4.5.6", ".", "NaN", "99999999999999999999"].contains(text)
        case .password: text.utf8.count <= 1024 && !text.hasControlCharacters
        case .oneshot, .gpu, .withoutFolders, .script, .scriptPassword: text == "0"
        case .nonce: ["99999999999999999999"].contains(text)
        case .machine, .cpu, .memory, .lifetime: false
        }
    }

    @Test(arguments: CreateForm.Field.allCases)
    func `a field with a strange text is named`(field: CreateForm.Field) async throws {
        try await withSite { site in
            try await site.hostUp()
            for text in Self.texts where !Self.isFine(field, text) {
                var form = [("machine", "grub"), (field.rawValue, text)]
                if field == .machine { form.removeFirst() }
                let reply = try await site.http.post("/sessions", form, headers: [("Accept", "application/json")])
                #expect(reply.status == 422, "\(field) \(text.prefix(30))")
                #expect(reply.body.contains("\"\(field.rawValue)\":"), "\(field) \(text.prefix(30)): \(reply.body)")
                let page = try await site.http.post("/sessions", form)
                #expect(page.status == 422)
                #expect(!page.body.contains("<b>"))
            }
            #expect(try await site.queue.sessions().isEmpty)
        }
    }

    @Test(arguments: CreateForm.Field.allCases, ["%FF%FE", "%C0%80", "%ZZ", "%1"])
    func `a field whose bytes are no text is named`(field: CreateForm.Field, bytes: String) async throws {
        try await withSite { site in
            try await site.hostUp()
            let other = field == .machine ? "" : "machine=grub&"
            let reply = try await site.http.send(
                "POST", "/sessions",
                headers: [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")],
                body: Array("\(other)\(field.rawValue)=\(bytes)".utf8))
            #expect(reply.status == 422)
            #expect(reply.body.contains("\"\(field.rawValue)\":"))
            #expect(try await site.queue.sessions().isEmpty)
        }
    }

    @Test(arguments: CreateForm.Field.allCases.filter { ![.gpu, .script, .scriptPassword].contains($0) })
    func `a field that is there twice is named`(field: CreateForm.Field) async throws {
        try await withSite { site in
            try await site.hostUp()
            let reply = try await site.http.post(
                "/sessions", [("machine", "grub"), (field.rawValue, "grub"), (field.rawValue, "grub")],
                headers: [("Accept", "application/json")])
            #expect(reply.status == 422)
            #expect(reply.body.contains("is there more than once"))
            #expect(try await site.queue.sessions().isEmpty)
        }
    }

    @Test(arguments: [
        ("application/json", "", 400), ("application/json", "[1]", 400), ("application/json", "{\"machine\":", 400),
        ("application/json", String(repeating: "[", count: 60_000), 400),
        ("application/json", String(repeating: "{\"a\":", count: 10_000), 400),
        ("application/json", "{\"machine\":[\"grub\"]}", 422), ("application/json", "{\"machine\":{\"x\":1}}", 422),
        ("application/json", "{\"machine\":\"grub\",\"cpu\":1e300}", 422),
        ("application/json", "{\"machine\":\"grub\",\"gpu\":true}", 422), ("text/plain", "machine=grub", 415),
        ("application/xml", "<machine/>", 415), ("multipart/form-data", "machine=grub", 400),
        ("multipart/form-data; boundary=x", "machine=grub", 400), ("multipart/form-data; boundary=x", "--x--", 422),
        ("multipart/form-data; boundary=x", "--x\r\n\r\n--x--", 400),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"machine\"; filename=\"a\"\r\n\r\ngrub\r\n--x--", 400
        ),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"machine\"\r\n\r\ngrub\r\n--x", 400
        ),
        ("application/x-www-form-urlencoded", "", 422), ("application/x-www-form-urlencoded", "%FF=1", 400),
        ("application/x-www-form-urlencoded", String(repeating: "a=1&", count: 100), 400),
        ("application/x-www-form-urlencoded", "machine=%", 422), ("", "machine=grub&cpu=zwei", 422),
    ])
    func `a body that is no form is refused`(type: String, body: String, status: Int) async throws {
        try await withSite { site in
            try await site.hostUp()
            let reply = try await site.http.send(
                "POST", "/sessions", headers: type.isEmpty ? [] : [("Content-Type", type)], body: Array(body.utf8))
            #expect(reply.status == status, "\(reply.body)")
            #expect(try await site.queue.sessions().isEmpty)
        }
    }

    @Test(arguments: [
        "/sessions/x", "/sessions/../../etc/passwd", "/sessions/%00", "/sessions/%2e%2e%2f",
        "/sessions/0123456789abcdef",
        "/sessions/0123456789ABCDEF", "/sessions/0123456789abcdef/status", "/sessions/x/events", "/assets/../live.js",
        "/assets/x", "/nowhere", "/sessions/qwd:session:*",
    ])
    func `an address that leads nowhere gets a page that says so`(path: String) async throws {
        try await withSite { site in
            let page = try await site.http.get(path)
            #expect(page.status == 404)
            #expect(page.body.contains("What to do now"))
            #expect(page.headers["content-security-policy"] == SecurityHeaders.policy)
        }
    }
}
