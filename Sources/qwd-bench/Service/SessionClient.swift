import FoundationEssentials
import Viewer

/// Does what a person's browser does.
struct SessionClient: Sendable {
    /// Enough for GRUB, and little, so that many fit.
    static let memoryMiB = 128
    /// For one step of a session; sixteen at once on two processors take a while each.
    private static let patience = Duration.seconds(180)

    let port: Int
    private let connection: HTTPConnection

    init(_ service: Service) {
        port = service.port
        connection = HTTPConnection(port: service.port)
    }

    private struct Created: Decodable {
        var id: String
    }

    private struct Event: Decodable {
        var state: String
        var reason: String?
        var detail: String?
    }

    private struct Status: Decodable {
        var connectLink: String?

        enum CodingKeys: String, CodingKey {
            case connectLink = "connect_url"
        }
    }

    private struct Found: Decodable {
        var display: String?
    }

    /// Posts the form.
    /// - Returns: The session, and how long the answer took.
    func create(machine: String = Workspace.machineName) async throws -> (id: String, time: Duration) {
        let form = "machine=\(machine)&user=bench&cpu=1&memory=\(Double(Self.memoryMiB) / 1024)"
        let (answer, time) = try await connection.request(
            "POST", "/sessions", accept: "application/json", form: form)
        guard answer.status == 201 else { throw BenchError("POST /sessions: \(answer.status) \(answer.text)") }
        return (try JSONDecoder().decode(Created.self, from: Data(answer.body)).id, time)
    }

    /// Follows a session's events until its display can be opened.
    func waitForDisplay(_ id: String) async throws -> DisplayAddress {
        let events = EventStream(port: port, path: "/sessions/\(id)/events")
        while let event = try await next(events) {
            switch event.state {
            case "running":
                let answer = try await connection.request("GET", "/sessions/\(id)/status").answer
                guard let link = try JSONDecoder().decode(Status.self, from: Data(answer.body)).connectLink else {
                    continue
                }
                guard let link = ConnectLink(link) else { throw BenchError("the link is broken") }
                return try await display(of: link)
            case "ended":
                throw BenchError("session \(id) ended: \(event.reason ?? "") \(event.detail ?? "")")
            default:
                continue
            }
        }
        throw BenchError("the events of session \(id) ended before it ran")
    }

    /// Loads the viewer's page and asks what its script asks.
    private func display(of link: ConnectLink) async throws -> DisplayAddress {
        _ = try await connection.request("GET", link.path)
        let answer = try await connection.request(
            "GET", "\(link.path)/state", fields: ["Display-Token: \(link.token)"]
        ).answer
        let display = try JSONDecoder().decode(Found.self, from: Data(answer.body)).display
        guard let address = display.flatMap({ DisplayAddress(webSocketURL: $0, token: link.token) }) else {
            throw BenchError("the link opens no display: \(answer.text)")
        }
        return address
    }

    /// Follows a session's events to its end.
    func waitForEnd(_ id: String) async throws {
        let events = EventStream(port: port, path: "/sessions/\(id)/events")
        while let event = try await next(events) {
            if event.state == "ended" { return }
        }
    }

    func stop(_ id: String) async throws {
        let answer = try await connection.request("POST", "/sessions/\(id)/stop", accept: "application/json", form: "")
            .answer
        guard answer.status == 200 else { throw BenchError("POST /sessions/\(id)/stop: \(answer.status)") }
    }

    private func next(_ events: EventStream) async throws -> Event? {
        guard let data = try await events.next(deadline: Self.patience) else { return nil }
        return try JSONDecoder().decode(Event.self, from: Data(data.utf8))
    }
}
