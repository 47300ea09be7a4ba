/// One step on the way from a waiting session to a running one, in order.
package enum SessionStep: String, Sendable, CaseIterable {
    case claim, snapshot, launch, network, commit, display, running

    /// The place of the step, counted from 1.
    package var number: Int {
        (Self.allCases.firstIndex(of: self) ?? 0) + 1
    }
}
