import Processes
import Synchronization
import TestSupport

/// 2,000 silent connections, 500 that send a byte a second, and 10,000 mutated requests, while somebody else looks at the
/// form, each time on a connection of its own. The strangers come from many addresses, the other one from another.
enum StrangersBenchmark {
    private static let silent = 2000
    private static let slow = 500
    private static let mutated = 10_000
    private static let lanes = 20

    static func run(_ workspace: Workspace) async throws {
        Crowd.setDescriptorLimit()
        let service = try await Service.start(workspace, settings: ["worker.hypervisor=simulated"])
        let pid = service.process.pid
        let descriptors = { Files.names(in: "/proc/\(pid)/fd").count }
        // The first requests warm up.
        _ = try await looks(service, 50)
        let alone = try await looks(service, 200)
        let (quiet, memory) = (descriptors(), ProcessMeter.memory([pid]).pssMB)

        let isThere = Atomic(false)
        async let gathering = gather(at: service.port, isThere)
        var meanwhile = Samples()
        // Some more, because they are let in later than they come.
        var more = 20
        while more > 0 {
            for time in try await looks(service, 1).sorted { meanwhile.add(time) }
            if isThere.load(ordering: .acquiring) { more -= 1 }
        }
        let crowd = try await gathering
        var beside = Samples()
        for _ in 0..<8 {
            crowd.say("X", to: silent..<silent + slow)
            for time in try await looks(service, 25, pause: .milliseconds(40)).sorted { beside.add(time) }
        }
        let held = crowd.open
        let grown = ProcessMeter.memory([pid]).pssMB - memory
        let note = "\(silent) silent and \(slow) slow ones from 25 addresses, \(held) open at the end"
        Figure.print("strangers_page_alone_max", alone.percentile(100), "ms", note: "200 looks, each a connection")
        Figure.print(
            "strangers_arrival_page_max", meanwhile.percentile(100), "ms", limit: .below(100),
            note: "\(meanwhile.sorted.count) looks while they come")
        Figure.print("strangers_page_median", beside.median, "ms", note: note)
        Figure.print("strangers_page_max", beside.percentile(100), "ms", limit: .below(100), note: "200 looks")
        Figure.print("strangers_memory", grown, "MB", note: "PSS of the service, after less before")
        let (_, patience) = try await timed {
            while crowd.open > 0 { try await Task.sleep(for: .milliseconds(50)) }
        }
        Figure.print(
            "strangers_ended_after", patience.seconds, "s", limit: .below(12), note: "all of them, from then on")
        crowd.leave()

        let requests = MutatedRequests(seed: 1, session: "01234567890123456789012345")
        let (statuses, while_) = try await withThrowingTaskGroup(of: [Int].self) { group in
            for lane in 0..<lanes { group.addTask { try await send(requests, lane, service) } }
            var pages = Samples()
            for time in try await looks(service, 100, pause: .milliseconds(5)).sorted { pages.add(time) }
            return (try await group.reduce(into: [Int]()) { $0 += $1 }, pages)
        }
        Figure.print(
            "strangers_mutated_errors", Double(statuses.count { $0 >= 500 }), "of \(mutated)", limit: .below(1),
            note: "400 or 421: \(statuses.count { $0 == 400 || $0 == 421 }), none: \(statuses.count { $0 == 0 })")
        Figure.print(
            "strangers_mutated_page_max", while_.percentile(100), "ms", limit: .below(100), note: "100 looks meanwhile")
        let left = try await settled(quiet, descriptors)
        Figure.print("strangers_descriptors_left", Double(left), "", limit: .below(1))
        Figure.print("strangers_memory_left", ProcessMeter.memory([pid]).pssMB - memory, "MB")
        await service.stop()
    }

    private static func gather(at port: Int, _ isThere: borrowing Atomic<Bool>) async throws -> sending Crowd {
        let crowd = Crowd()
        defer { isThere.store(true, ordering: .releasing) }
        try crowd.join(silent + slow, port: port, addresses: 25)
        crowd.say("GET / HT", to: silent..<silent + slow)
        return crowd
    }

    /// How long the form took, in milliseconds, from the connection to the answer's end.
    private static func looks(_ service: Service, _ count: Int, pause: Duration = .zero) async throws -> Samples {
        var samples = Samples()
        for _ in 0..<count {
            let connection = HTTPConnection(port: service.port)
            let (answer, time) = try await connection.request("GET", "/")
            guard answer.status == 200 else { throw BenchError("GET /: \(answer.status)") }
            samples.add(time.milliseconds)
            if pause > .zero { try await Task.sleep(for: pause) }
        }
        return samples
    }

    /// Sends every so-manieth request on a connection of its own.
    /// - Returns: The first status of each; 0 where none came.
    private static func send(_ requests: MutatedRequests, _ lane: Int, _ service: Service) async throws -> [Int] {
        let thread = RawExchange(port: service.port)
        var statuses: [Int] = []
        for number in stride(from: lane, to: mutated, by: lanes) {
            statuses.append(await thread.status(of: requests.request(number)))
        }
        return statuses
    }

    private static func settled(_ quiet: Int, _ descriptors: () -> Int) async throws -> Int {
        for _ in 0..<400 where descriptors() > quiet { try await Task.sleep(for: .milliseconds(50)) }
        return max(0, descriptors() - quiet)
    }
}
