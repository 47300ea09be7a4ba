import Domain
import Queue

/// How long the steps of a session's start took, from its event log, one event after the other. After a failed try only
/// the last one counts.
struct StepTimes: Sendable, Hashable {
    /// In milliseconds.
    private(set) var took: [SessionStep: Int] = [:]
    private(set) var last: SessionStep?
    /// Milliseconds from the request to the desktop, when it is there.
    private(set) var total: Int?
    private var begin: Int64?

    init(_ events: [SessionEvent] = []) {
        for event in events { add(event) }
    }

    mutating func add(_ event: SessionEvent) {
        if begin == nil { begin = event.at }
        guard let name = event.fields["step"] else { return }
        guard let step = SessionStep(rawValue: name) else {
            // Back to the queue.
            took = [:]
            last = nil
            return
        }
        let milliseconds = event.fields["ms"].flatMap { Int($0) }
        if let previous = event.fields["previous"].flatMap(SessionStep.init(rawValue:)) {
            took[previous, default: 0] += milliseconds ?? 0
        } else if step == .claim {
            // The time in the queue was spent looking for a host.
            took[.claim] = milliseconds
        }
        last = step
        if step == .running, let begin { total = Int(event.at - begin) }
    }
}

/// The steps of a session's start with their durations.
struct Timeline: Sendable, Hashable {
    enum Kind: String, Sendable { case done, now, next }

    struct Entry: Sendable, Hashable {
        var step: SessionStep
        var kind: Kind
        /// In milliseconds, of a step that is over.
        var took: Int?
    }

    var entries: [Entry]

    init(of session: Session, times: StepTimes) {
        let current = times.last ?? .claim
        entries = SessionStep.allCases.map { step in
            let kind: Kind =
                if step.number < current.number || session.displayReady || times.last == .running {
                    .done
                } else if step == current {
                    session.state == .ended ? .next : .now
                } else {
                    .next
                }
            return Entry(step: step, kind: kind, took: kind == .done ? times.took[step] : nil)
        }
    }
}
