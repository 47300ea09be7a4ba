import Display
import Domain
import Machines

/// A display whose opening takes as long as a test wants.
actor SlowBridge: DisplayBridge {
    nonisolated let baseURL = "http://127.0.0.1:6080"
    let problem: String? = nil
    nonisolated let events = AsyncStream<DisplayEvent> { _ in }
    private(set) var opened: Set<SessionID> = []
    private let opening = AsyncStream.makeStream(of: Void.self)
    private let gate = AsyncStream.makeStream(of: Void.self)
    private let closing = AsyncStream.makeStream(of: Void.self)

    func publish(_ machine: MachineRef, token: String, oneShot: Bool) async {
        opening.continuation.yield()
        for await _ in gate.stream { break }
        opened.insert(machine.session)
    }

    func withdraw(_ machine: MachineRef) {
        if opened.remove(machine.session) != nil { closing.continuation.yield() }
    }

    func publish(socket: String, token: String) {}
    func withdraw(token: String) {}
    func withdrawAll(but living: Set<SessionID>) {}
    func run() {}

    func waitForOpening() async { for await _ in opening.stream { break } }
    func goOn() { gate.continuation.yield() }
    func waitForClosing() async { for await _ in closing.stream { break } }
}
