import Domain
import Foundation
import FoundationNetworking
import Processes
import Queue
import Viewer

extension RunningService {
    /// Asks for a session as a browser's form does, and answers its id.
    func create(_ fields: [String: String] = [:]) async throws -> SessionID {
        var request = URLRequest(url: try address("/sessions"))
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Accept")
        request.setValue("application/x-www-form-urlencoded", forHTTPHeaderField: "Content-Type")
        let all = ["machine": "grub.iso", "cpu": "1", "memory": "0.25"].merging(fields) { $1 }
        request.httpBody = Data(all.map { "\($0)=\($1)" }.joined(separator: "&").utf8)
        let (data, response) = try await URLSession.shared.data(for: request)
        struct Created: Decodable { var id: String }
        guard [200, 201].contains((response as? HTTPURLResponse)?.statusCode ?? 0),
            let id = SessionID(try JSONDecoder().decode(Created.self, from: data).id)
        else { throw Failure(description: "POST /sessions: \(String(decoding: data, as: UTF8.self))") }
        return id
    }

    /// The same of a service that kills itself over it, perhaps before it can answer. Returns when it has.
    func createUntilKilled(_ fields: [String: String] = [:]) async throws -> SessionID {
        let answer = try? await create(fields)
        await waitForEnd()
        if let answer { return answer }
        guard let made = try await queue.sessions().first else { throw Failure(description: "the request is lost") }
        return made.id
    }

    /// What the status page's JSON says.
    func status(_ id: SessionID) async throws -> [String: Any] {
        let (data, _) = try await URLSession.shared.data(from: try address("/sessions/\(id)/status"))
        return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }

    /// Where a session's display is opened, as its link says and the page there asks.
    func display(of id: SessionID) async throws -> DisplayAddress {
        guard let text = try await status(id)["connect_url"] as? String, let link = ConnectLink(text) else {
            throw Failure(description: "session \(id) has no link")
        }
        var request = URLRequest(url: try address("/sessions/\(id)/display/state"))
        request.setValue(link.token, forHTTPHeaderField: "Display-Token")
        struct Found: Decodable { var display: String? }
        let (data, _) = try await URLSession.shared.data(for: request)
        guard let url = try JSONDecoder().decode(Found.self, from: data).display,
            let display = DisplayAddress(webSocketURL: url, token: link.token)
        else { throw Failure(description: "\(text) has no display: \(String(decoding: data, as: UTF8.self))") }
        return display
    }

    /// The session's page.
    func page(_ id: SessionID) async throws -> String { try await get("/sessions/\(id)") }

    /// Any page.
    func get(_ path: String) async throws -> String {
        let (data, _) = try await URLSession.shared.data(from: try address(path))
        return String(decoding: data, as: UTF8.self)
    }

    /// Waits until the host's own words about its trouble are as wanted. A heartbeat brings them.
    func hostSays(_ isWanted: (String) -> Bool) async throws {
        while try await queue.hosts().first.map({ isWanted($0.status.notice) }) != true {
            // A heartbeat is no event of the queue.
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Waits until Redis answers again. A server says only by answering that it is there.
    func redisAnswers() async throws {
        while (try? await queue.probe()) == nil { try await Task.sleep(for: .milliseconds(10)) }
    }

    private func address(_ path: String) throws -> URL {
        guard let url = URL(string: url + path) else { throw Failure(description: "no URL: \(path)") }
        return url
    }

    /// Waits, by the queue's events, until a session is as wanted.
    @discardableResult
    func wait(for id: SessionID, until isWanted: (Session) -> Bool) async throws -> Session {
        let changes = queue.changes()
        if let session = try await queue.session(id), isWanted(session) { return session }
        for await change in changes {
            if case .session(let changed, _, _) = change, changed != id { continue }
            if let session = try? await queue.session(id), isWanted(session) { return session }
        }
        throw Failure(description: "the events of \(id) ended")
    }

    /// Waits until a session's display can be opened, or it has ended.
    func settled(_ id: SessionID) async throws -> Session {
        try await wait(for: id) { $0.state == .ended || ($0.state == .running && $0.displayReady) }
    }

    func stopped(_ id: SessionID) async throws -> Session {
        try await queue.stop(id)
        return try await wait(for: id) { $0.state == .ended }
    }

    /// The QEMU processes of this service.
    var machineProcesses: [Int32] {
        ownProcesses.filter {
            Files.read("/proc/\($0)/cmdline")?.prefix { $0 != " " }.hasSuffix("/qemu-system-x86_64") == true
        }
    }

    /// The passt processes of this service's machines. Only root can tell whose they are.
    var networkHelpers: [Int32] {
        ownProcesses.filter { Files.read("/proc/\($0)/cmdline")?.prefix { $0 != " " }.contains("passt") == true }
    }

    /// A search path of programs with all there are but one.
    func pathWithout(_ program: String) throws -> String {
        let directory = "\(root)/bin"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        // Helpers have accounts of their own, which must find their programs.
        chmod(root, 0o711)
        for place in ["/usr/bin", "/usr/sbin", "/bin", "/sbin"] {
            for name in Files.names(in: place) where name != program && !name.hasPrefix("\(program).") {
                // Many are in two of these places.
                try? FileManager.default.createSymbolicLink(
                    atPath: "\(directory)/\(name)", withDestinationPath: "\(place)/\(name)")
            }
        }
        return directory
    }

    /// What is left of sessions: files, sockets, tokens, processes, reservations.
    func leftovers() async throws -> [String] {
        var left = machineProcesses.map { "process \($0)" }
        for directory in [
            "\(runtime)/sessions", "\(state)/sessions", "\(runtime)/tokens",
        ] {
            left += Files.names(in: directory).map { "\(directory)/\($0)" }
        }
        for host in try await queue.hosts() where host.reserved != Resources() {
            left.append("reserved on \(host.name): \(host.reserved)")
        }
        return left
    }
}
