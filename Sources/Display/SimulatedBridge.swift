package import Domain
package import Machines

/// A display that nobody can see, for simulated machines.
package struct SimulatedBridge: DisplayBridge {
    package let baseURL: String
    package var problem: String? { nil }

    package let events: AsyncStream<DisplayEvent>
    private let report: AsyncStream<DisplayEvent>.Continuation

    package init(baseURL: String = "http://127.0.0.1:6080") {
        self.baseURL = baseURL
        (events, report) = AsyncStream.makeStream()
    }

    package func publish(_ machine: MachineRef, token: String, oneShot: Bool) {}
    package func withdraw(_ machine: MachineRef) {}
    package func publish(socket: String, token: String) {}
    package func withdraw(token: String) {}
    package func withdrawAll(but living: Set<SessionID>) {}

    /// Lets viewers do something.
    package func tell(_ event: DisplayEvent) { report.yield(event) }

    package func run() async {}
}
