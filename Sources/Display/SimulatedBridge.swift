package import Domain
package import Machines

/// A display that nobody can see, for simulated machines.
package struct SimulatedBridge: DisplayBridge {
    package let baseURL: String
    package var problem: String? { nil }

    package init(baseURL: String = "http://127.0.0.1:6080") {
        self.baseURL = baseURL
    }

    package func open(_ machine: MachineRef, token: String) {}
    package func close(_ machine: MachineRef) {}
    package func closeAll(but living: Set<SessionID>) {}
    package func run() async {}
}
