package import Domain

/// A session's machine as one claim means it: each step names both, so that a step of a claim which was taken over meets
/// nothing of what its successor has made.
package struct MachineRef: Sendable, Hashable {
    package var session: SessionID
    /// Number of the claim in whose name the host acts.
    package var fence: Int

    package init(_ session: SessionID, fence: Int) {
        self.session = session
        self.fence = fence
    }
}
