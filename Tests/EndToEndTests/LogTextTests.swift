import Foundation
import FoundationNetworking
import Testing

/// What strangers type, in the log of a real service.
@Suite(.timeLimit(.minutes(2)))
struct LogTextTests {
    private func post(_ service: RunningService, _ path: String, _ fields: [String: String]) async throws -> Int? {
        var request = URLRequest(url: try #require(URL(string: service.url + path)))
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Accept")
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = try JSONEncoder().encode(fields)
        return (try await URLSession.shared.data(for: request).1 as? HTTPURLResponse)?.statusCode
    }

    @Test(arguments: ["text", "json"])
    func `a typed name is one value of one line, whatever is in it`(format: String) async throws {
        let service = try RunningService(["log.format=\(format)"])
        try service.askProgram()
        try await service.start()
        let names = [
            "x audit.who=boss audit.act=sign-in", "\u{1B}[2J\u{1B}]0;gone\u{7}", "a\nnotice qwd: audit audit.who=boss",
            "\"quoted\" \\", "\u{202E}ssob", "\u{9B}31m", "a\u{2028}b",
        ]
        for name in names { #expect(try await post(service, "/sign-in", ["user": name, "password": "x"]) == 401) }
        await service.terminate()
        let log = service.log
        let lines = log.split(separator: "\n").filter { $0.contains("audit.act") && $0.contains("refused") }
        #expect(lines.count == names.count, "\(log)")
        // Control characters of both kinds, and those that turn the direction of text or break lines.
        let bad = log.unicodeScalars.filter { scalar in
            scalar != "\n" && (scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value))
                || (0x2028...0x202E).contains(scalar.value)
        }
        #expect(bad.isEmpty)
        if format == "text" {
            #expect(lines.allSatisfy { !$0.replacing(/"(\\.|[^"\\])*"/, with: "").contains("boss") }, "\(lines)")
            #expect(lines.contains { $0.contains(#"audit.who="x audit.who=boss audit.act=sign-in""#) })
        }
        await service.shutDown()
    }
}
