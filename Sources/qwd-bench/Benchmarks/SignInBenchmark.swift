/// Many people, or one who guesses: 10,000 attempts to sign in from 50 connections, while somebody else looks at pages.
enum SignInBenchmark {
    private static let attempts = 10_000
    private static let connections = 50

    static func run(_ workspace: Workspace) async throws {
        let service = try await Service.start(
            workspace,
            settings: [
                "worker.hypervisor=simulated", "auth.methods=command", "auth.command.path=/bin/false",
            ])
        // The first requests warm up.
        try await attack(service, count: 500)
        let before = ProcessMeter.memory([service.process.pid])
        let start = ContinuousClock.now
        let (statuses, pages) = try await withThrowingTaskGroup(of: [Int].self) { group in
            group.addTask { try await attack(service, count: attempts) }
            let watcher = HTTPConnection(port: service.port)
            var pages = Samples()
            var statuses: [Int]?
            // Somebody else, until the attack is over.
            let looks = AsyncStream<Void>.makeStream()
            async let look: Samples = {
                var samples = Samples()
                for await _ in looks.stream {
                    samples.add(try await watcher.request("GET", "/sign-in").time.milliseconds)
                    looks.continuation.yield()
                }
                return samples
            }()
            looks.continuation.yield()
            statuses = try await group.next()
            looks.continuation.finish()
            pages = try await look
            return (statuses ?? [], pages)
        }
        let time = ContinuousClock.now - start
        let grown = ProcessMeter.memory([service.process.pid]).pssMB - before.pssMB
        await service.stop()
        let checked = statuses.count { $0 == 401 }
        Figure.print(
            "sign_in_attempts_rate", Double(attempts) / time.seconds, "1/s",
            note: "\(connections) connections, \(attempts) attempts")
        Figure.print(
            "sign_in_attempts_checked", Double(checked), "of \(attempts)", limit: .below(100),
            note: "the others were told to wait: \(statuses.count { $0 == 429 })")
        Figure.print(
            "sign_in_other_pages_p95", pages.percentile(95), "ms", limit: .below(50),
            note: "\(pages.sorted.count) requests meanwhile, median \(Figure.text(pages.median)) ms")
        Figure.print(
            "sign_in_memory_growth", grown, "MB", limit: .below(10), note: "PSS of the service, after less before")
    }

    @discardableResult
    private static func attack(_ service: Service, count: Int) async throws -> [Int] {
        try await withThrowingTaskGroup(of: [Int].self) { group in
            for connection in 0..<connections {
                group.addTask {
                    let http = HTTPConnection(port: service.port)
                    var statuses: [Int] = []
                    for number in 0..<(count / connections) {
                        let answer = try await http.request(
                            "POST", "/sign-in", accept: "application/json",
                            form: "user=user\(connection)&password=guess\(number)"
                        ).answer
                        statuses.append(answer.status)
                    }
                    return statuses
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }
}
