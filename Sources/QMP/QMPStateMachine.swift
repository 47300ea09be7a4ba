/// What is said on one connection, and who waits for what.
///
/// No I/O: each event is a method that returns what to do. `Waiter` is whatever waits for a reply.
struct QMPStateMachine<Waiter> {
    private enum State {
        case awaitingGreeting
        case negotiating(QMPGreeting)
        case ready
        case ended(QMPEnding)
    }

    private struct Pending {
        var waiter: Waiter
        var command: String
        var endsConnection: Bool
    }

    private var state = State.awaitingGreeting
    private var pending: [UInt64: Pending] = [:]
    private var quitRequested = false

    // MARK: Sending

    enum SendAction {
        case write
        /// The waiter was not kept.
        case refuse(QMPError)
    }

    mutating func send(_ request: Request, waiter: Waiter) -> SendAction {
        switch state {
        case .awaitingGreeting, .negotiating:
            return .refuse(QMPError(.greeting, "\(request.command) before the negotiation was over"))
        case .ready:
            pending[request.id] = Pending(
                waiter: waiter, command: request.command, endsConnection: request.endsConnection)
            if request.endsConnection { quitRequested = true }
            return .write
        case .ended(let ending):
            return .refuse(error(of: ending, for: request.command))
        }
    }

    /// Nobody waits for this reply any more; if it comes, it is passed over. Nil if it came already.
    mutating func abandon(_ id: UInt64) -> Waiter? {
        pending.removeValue(forKey: id)?.waiter
    }

    // MARK: Receiving

    enum ReceiveAction {
        /// Send `qmp_capabilities`.
        case negotiate
        /// Commands may be sent from now on.
        case ready(QMPGreeting)
        case succeed(Waiter)
        case fail(Waiter, QMPError)
        case deliver(QMPEvent)
        /// A reply that nobody waits for any more.
        case ignore
        /// End the connection for this reason.
        case abort(QMPError)
    }

    mutating func receive(_ message: Message) -> ReceiveAction {
        switch (state, message) {
        case (.ended, _):
            return .ignore
        case (_, .event(let event)):
            return .deliver(event)
        case (.awaitingGreeting, .greeting(let greeting)):
            state = .negotiating(greeting)
            return .negotiate
        case (.awaitingGreeting, .reply), (.awaitingGreeting, .refusal):
            return .abort(QMPError(.greeting, "an answer instead of a greeting"))
        case (.negotiating(let greeting), .reply(Request.capabilitiesID)):
            state = .ready
            return .ready(greeting)
        case (.negotiating, .refusal(_, let `class`, let description)):
            let cause = QMPError(.refused(class: `class`), description)
            return .abort(QMPError(.greeting, "QEMU refuses qmp_capabilities", cause: cause))
        case (.negotiating, .reply), (.negotiating, .greeting), (.ready, .greeting):
            return .abort(QMPError(.greeting, "a greeting or an answer out of its turn"))
        case (.ready, .reply(let id?)):
            return pending.removeValue(forKey: id).map { .succeed($0.waiter) } ?? .ignore
        case (.ready, .refusal(let id?, let `class`, let description)):
            guard let refused = pending.removeValue(forKey: id) else { return .ignore }
            if refused.endsConnection { quitRequested = false }
            return .fail(refused.waiter, QMPError(.refused(class: `class`), "\(refused.command): \(description)"))
        case (.ready, .reply(nil)):
            return .abort(QMPError(.malformed, "a reply without the id of its command"))
        case (.ready, .refusal(nil, _, let description)):
            // QEMU leaves the id out when it could not read the line: nobody can say whose it was.
            return .abort(QMPError(.malformed, "QEMU could not read a command: \(description)"))
        }
    }

    // MARK: Ending

    struct EndAction {
        var ending: QMPEnding
        /// Asked QEMU to quit, and it is gone: done.
        var succeeded: [Waiter]
        var failed: [(waiter: Waiter, error: QMPError)]
        /// For whoever waits for the negotiation, nil where it was over.
        var handshake: QMPError?
    }

    /// Nil if the conversation had ended before.
    mutating func end(_ cause: EndCause) -> EndAction? {
        var duringHandshake = false
        switch state {
        case .awaitingGreeting, .negotiating: duringHandshake = true
        case .ready: break
        case .ended: return nil
        }
        let ending: QMPEnding
        var peerIsGone = false
        switch cause {
        case .endOfStream(let error):
            peerIsGone = true
            let moment = duringHandshake ? " before the negotiation was over" : ""
            ending =
                quitRequested
                ? .quit
                : .lost(QMPError(.closed(quitRequested: false), "QEMU closed the connection\(moment)", cause: error))
        case .closedByUs:
            ending = .closed
        case .failure(let error):
            ending = .lost(error)
        }
        state = .ended(ending)
        var action = EndAction(ending: ending, succeeded: [], failed: [])
        for waiting in pending.values {
            if peerIsGone && waiting.endsConnection {
                action.succeeded.append(waiting.waiter)
            } else {
                action.failed.append((waiting.waiter, error(of: ending, for: waiting.command)))
            }
        }
        pending = [:]
        if duringHandshake { action.handshake = error(of: ending, for: Capabilities.name) }
        return action
    }

    private func error(of ending: QMPEnding, for command: String) -> QMPError {
        switch ending {
        case .quit:
            QMPError(.closed(quitRequested: true), "\(command): QEMU has quit, as it was asked to")
        case .closed:
            QMPError(.closed(quitRequested: quitRequested), "\(command): the connection was closed on this side")
        case .lost(let error):
            error
        }
    }
}

extension QMPStateMachine {
    /// What the negotiation waits for, in words. Nil once it is over.
    var handshakeWait: String? {
        switch state {
        case .awaitingGreeting: "no greeting (QEMU greets one client at a time: is another one connected?)"
        case .negotiating: "no answer to qmp_capabilities"
        case .ready, .ended: nil
        }
    }

    var hasEnded: Bool {
        switch state {
        case .ended: true
        case .awaitingGreeting, .negotiating, .ready: false
        }
    }
}

/// Why a conversation is over.
enum EndCause {
    /// The other side closed or reset the connection.
    case endOfStream((any Error)?)
    case closedByUs
    case failure(QMPError)
}
