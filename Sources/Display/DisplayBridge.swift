package import Domain
package import Machines

/// What carries a machine's display from its VNC socket to a browser.
package protocol DisplayBridge: Sendable {
    /// Where browsers reach this host's displays, without a slash at the end.
    var baseURL: String { get }
    /// Why displays can't be opened now, in words for an administrator, or nil.
    var problem: String? { get async }
    /// Makes the machine's display reachable under `token`. Doing it again changes nothing.
    /// - Throws: `.stale` where a claim with a higher fence has acted.
    func open(_ machine: MachineRef, token: String) async throws(MachineError)
    /// Takes the display away. Safe whether or not it was opened.
    /// What a claim with a higher fence has opened is left alone.
    func close(_ machine: MachineRef) async
    /// Takes away what is left of the displays of all other sessions than these.
    func closeAll(but living: Set<SessionID>) async
    /// Keeps the gateway alive until cancelled.
    func run() async
}
