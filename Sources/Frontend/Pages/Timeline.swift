import Domain
import Queue

/// The steps of a session's start with their durations, from its event log.
struct Timeline: Sendable, Hashable {
    enum Kind: String, Sendable { case done, now, next }

    struct Entry: Sendable, Hashable {
        var step: SessionStep
        var kind: Kind
        /// In milliseconds, of a step that is over.
        var took: Int?
    }

    var entries: [Entry]
    /// Milliseconds from the request to the desktop, when it is there.
    var total: Int?

    /// - Parameter events: The whole log, in order. After a failed try only the last one counts.
    init(of session: Session, events: [SessionEvent]) {
        var took: [SessionStep: Int] = [:]
        var last: SessionStep?
        for event in events {
            guard let name = event.fields["step"] else { continue }
            guard let step = SessionStep(rawValue: name) else {
                // Back to the queue.
                took = [:]
                last = nil
                continue
            }
            let milliseconds = event.fields["ms"].flatMap { Int($0) }
            if let previous = event.fields["previous"].flatMap(SessionStep.init(rawValue:)) {
                took[previous, default: 0] += milliseconds ?? 0
            } else if step == .claim {
                // The time in the queue was spent looking for a host.
                took[.claim] = milliseconds
            }
            last = step
            if step == .running, let first = events.first { total = Int(event.at - first.at) }
        }
        let current = last ?? .claim
        entries = SessionStep.allCases.map { step in
            let kind: Kind =
                if step.number < current.number || session.displayReady || last == .running {
                    .done
                } else if step == current {
                    session.state == .ended ? .next : .now
                } else {
                    .next
                }
            return Entry(step: step, kind: kind, took: kind == .done ? took[step] : nil)
        }
    }
}
