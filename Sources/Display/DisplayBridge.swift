package import Domain
package import Machines

/// What carries a machine's display from its VNC socket to a browser.
package protocol DisplayBridge: Sendable {
    /// Where browsers reach this host's displays, without a slash at the end.
    var baseURL: String { get }
    /// Why displays can't be opened now, in words for an administrator, or nil.
    var problem: String? { get async }
    /// What viewers do. One consumer.
    var events: AsyncStream<DisplayEvent> { get }
    /// Makes the machine's display reachable under `token`. Doing it again changes nothing.
    /// - Parameter oneShot: Whether to tell that its viewers have left for good.
    /// - Throws: `.stale` where a claim with a higher fence has acted.
    func publish(_ machine: MachineRef, token: String, oneShot: Bool) async throws(MachineError)
    /// Takes the display away. Safe whether or not it was published.
    /// What a claim with a higher fence has published is left alone.
    func withdraw(_ machine: MachineRef) async
    /// Takes away what is left of the displays of all other sessions than these.
    func withdrawAll(but living: Set<SessionID>) async
    /// Makes another socket of a session reachable under a token of its own, whether its display is or not. Doing it again changes
    /// nothing.
    func publish(socket: String, token: String) async throws(MachineError)
    /// Takes that away.
    func withdraw(token: String) async
    /// Keeps the gateway alive and follows its viewers, until cancelled.
    func run() async
}

/// What viewers of a published display did.
package enum DisplayEvent: Sendable, Hashable {
    /// Somebody looks at it, where nobody did.
    case watched(MachineRef)
    /// Its last viewer has left, who may come back.
    case left(MachineRef)
    /// It is one-shot, and nobody has come back.
    case deserted(MachineRef)
}
