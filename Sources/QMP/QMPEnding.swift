/// How a connection came to its end.
package enum QMPEnding: Sendable {
    /// QEMU had been asked to quit, and did.
    case quit
    /// `QMPClient.close()` ended it; QEMU goes on.
    case closed
    /// Anything else, with its cause. A guest that powers itself off ends so too, after a `.shutdown` event.
    case lost(QMPError)
}
