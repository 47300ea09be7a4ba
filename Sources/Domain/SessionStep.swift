/// One step on the way from a waiting session to a running one, in order.
package enum SessionStep: String, Sendable, CaseIterable {
    case claim, snapshot, launch, network, commit, display, running

    /// The place of the step, counted from 1.
    package var number: Int {
        (Self.allCases.firstIndex(of: self) ?? 0) + 1
    }

    /// What happens in this step, in words for the person who waits.
    package var title: String {
        switch self {
        case .claim: "Finding a host"
        case .snapshot: "Preparing the disk"
        case .launch: "Starting the machine"
        case .network: "Connecting the network"
        case .commit: "Switching on"
        case .display: "Opening the display"
        case .running: "Ready"
        }
    }
}
