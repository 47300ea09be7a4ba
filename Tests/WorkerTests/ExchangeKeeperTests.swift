import Display
import Domain
import Glibc
import Hypervisor
import Logging
import Machines
import Processes
import Secrets
import Testing
@testable import Worker

/// Exchange folders of sessions that were, on a real disk.
@Suite(.timeLimit(.minutes(1)))
final class ExchangeKeeperTests {
    private let root = "/tmp/qwd-keeper-\(UInt32.random(in: 0...UInt32.max))"
    private let (id, other) = (SessionID(milliseconds: 1), SessionID(milliseconds: 2))
    private var paths: HostPaths { HostPaths(runtime: "\(root)/r", state: "\(root)/s") }

    deinit { Files.remove(root) }

    private func keeper(_ options: ExchangeOptions, bridge: any DisplayBridge = SimulatedBridge()) -> ExchangeKeeper {
        ExchangeKeeper(
            paths: paths, bridge: bridge, hypervisor: SimulatedHypervisor(), secret: ServiceSecret(bytes: [1]),
            options: options, logger: Logger(label: "test"))
    }

    private func working(_ keeper: ExchangeKeeper, _ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await keeper.run() }
            try await body()
            group.cancelAll()
        }
    }

    private func wait(until isSo: () -> Bool) async throws {
        while !isSo() { try await Task.sleep(for: .milliseconds(20)) }
    }

    /// Deeper than a path may be long, as a guest makes it.
    private func makeDeep(_ place: String) {
        var number = open(place, O_RDONLY | O_DIRECTORY)
        let name = String(repeating: "d", count: 250)
        for _ in 0..<40 {
            mkdirat(number, name, 0o700)
            let inner = openat(number, name, O_RDONLY | O_DIRECTORY)
            close(number)
            number = inner
        }
        close(number)
    }

    @Test func `a folder is removed when its time is over, however deep it is`() async throws {
        let exchange = paths.exchange(id)
        try Files.makeDirectory(exchange.files)
        makeDeep(exchange.files)
        try await working(keeper(ExchangeOptions(bytes: 1 << 20, kept: .zero))) {
            try await wait { Files.names(in: paths.exchanges).isEmpty }
        }
    }

    @Test func `what is kept goes before its time where the disk is full`() async throws {
        for (id, age) in [(id, 100), (other, 50)] {
            let exchange = paths.exchange(id)
            try Files.makeDirectory(exchange.files)
            try Files.write("x", to: "\(exchange.files)/x")
            try Files.write("", to: exchange.ended)
            var times = [timeval(tv_sec: time(nil) - age, tv_usec: 0), timeval(tv_sec: time(nil) - age, tv_usec: 0)]
            utimes(exchange.ended, &times)
        }
        try await working(keeper(ExchangeOptions(bytes: 1 << 20, kept: .seconds(3600), diskReserve: .max / 2))) {
            try await wait { !Files.exists(paths.exchange(id).directory) }
            #expect(Files.exists(paths.exchange(other).directory))
            try await wait { Files.names(in: paths.exchanges).isEmpty }
        }
    }

    @Test func `a claim that came too late frees nothing of a newer one`() async throws {
        let exchange = paths.exchange(id)
        try Files.makeDirectory(exchange.files)
        // The newer one's disk.
        try Files.makeDirectory(paths.session(id).disk)
        let keeper = keeper(ExchangeOptions(bytes: 1 << 20, kept: .zero))
        await keeper.sessionEnded(id)
        #expect(Files.isDirectory(exchange.files) && !Files.exists(exchange.ended))
        Files.remove(paths.session(id).disk)
        try Files.write("half", to: "\(exchange.files)/.qwd-part-1")
        await keeper.sessionEnded(id)
        #expect(!Files.exists(exchange.directory))
    }

    @Test func `a folder that could not be published is, as soon as it can be`() async throws {
        try Files.makeDirectory(paths.exchange(id).files)
        try Files.makeDirectory(paths.session(id).disk)
        let bridge = RefusingBridge(times: 2)
        try await working(keeper(ExchangeOptions(bytes: 1 << 20, kept: .zero), bridge: bridge)) {
            await bridge.waitForPublication()
        }
    }
}

/// One that publishes nothing at first.
private actor RefusingBridge: DisplayBridge {
    nonisolated let baseURL = ""
    nonisolated let events = AsyncStream<DisplayEvent> { _ in }
    nonisolated var problem: String? { nil }
    private var left: Int
    private let published = AsyncStream.makeStream(of: Void.self)

    init(times: Int) { left = times }

    func publish(socket: String, token: String) throws(MachineError) {
        left -= 1
        if left >= 0 { throw MachineError(.display, "not yet") }
        published.continuation.yield()
    }

    func waitForPublication() async { for await _ in published.stream { break } }
    func publish(_ machine: MachineRef, token: String, oneShot: Bool) {}
    func withdraw(_ machine: MachineRef) {}
    func withdraw(token: String) {}
    func withdrawAll(but living: Set<SessionID>) {}
    func run() {}
}
