import Domain
import Queue
import TestSupport

/// The manage page among 10,000 sessions, as somebody with ten of them sees it and as an administrator does.
enum ManageBenchmark {
    private static let requests = 200
    private static let sessions = 10_000

    static func run(_ workspace: Workspace) async throws {
        let server = try await RedisServer.start()
        let service = try await Service.start(
            workspace,
            settings: [
                "worker.hypervisor=simulated", "scheduler.lease=1h", "auth.methods=command",
                "auth.command.path=/bin/true", "auth.admins=root",
            ], redis: server.address)
        let farm = Farm(queue: service.queue)
        try await farm.open()
        try await farm.fill(10, owner: "ada")
        try await farm.fill(sessions - 10)
        for (name, user, path, limit) in [
            ("manage_own", "ada", "/manage", 5.0), ("manage_admin", "root", "/admin", 10),
            ("manage_admin_last", "root", "/admin?page=50", 10),
        ] {
            let connection = HTTPConnection(port: service.port)
            let cookie = try await signIn(user, connection)
            var times = Samples()
            var bytes = 0
            for round in 0..<(requests + 10) {
                let (answer, time) = try await connection.request(
                    "GET", path, fields: ["Cookie: \(cookie)", "Accept-Encoding: gzip"])
                guard answer.status == 200 else { throw BenchError("GET \(path): \(answer.status)") }
                bytes = answer.body.count
                // The first ones warm up.
                if round >= 10 { times.add(time.milliseconds) }
            }
            Figure.print(
                name, times.median, "ms", limit: .below(limit),
                note: "\(path) of \(user), \(sessions) sessions, p95 \(Figure.text(times.percentile(95))) ms")
            Figure.print("\(name)_wire", Double(bytes) / 1000, "kB", limit: .below(60), note: "compressed")
        }
        await service.stop()
        await server.stop()
    }

    private static func signIn(_ user: String, _ connection: HTTPConnection) async throws -> String {
        let answer = try await connection.request(
            "POST", "/sign-in", accept: "application/json", form: "user=\(user)&password=x"
        ).answer
        guard answer.status == 200, let cookie = answer.fields["set-cookie"] else {
            throw BenchError("POST /sign-in: \(answer.status) \(answer.text)")
        }
        return String(cookie.prefix { $0 != ";" })
    }
}
