import Logging

/// The sending side of `QMPClient.events`: it never blocks, and forgets the oldest when nobody reads.
struct EventBuffer {
    /// A busy machine sends some tens a second at most; a reader that far behind does not read any more.
    static let capacity = 1024

    private let continuation: AsyncStream<QMPEvent>.Continuation
    private let logger: Logger
    private var dropped = 0

    init(_ continuation: AsyncStream<QMPEvent>.Continuation, logger: Logger) {
        self.continuation = continuation
        self.logger = logger
    }

    mutating func add(_ event: QMPEvent) {
        guard case .dropped = continuation.yield(event) else { return }
        dropped += 1
        // At 1, 2, 4, 8, ...: a flood of events must not become a flood of log lines.
        if dropped & (dropped - 1) == 0 {
            logger.warning("QMP events are not read, the oldest are dropped", metadata: ["qmp.dropped": "\(dropped)"])
        }
    }

    func finish() {
        continuation.finish()
    }
}
