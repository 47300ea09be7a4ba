import Logging
import Machines
import Processes

extension GatewayBridge {
    /// Takes what the gateway tells of its viewers, until cancelled.
    func followViewers() async {
        while !Task.isCancelled {
            do {
                try await ViewerChange.follow(socket: paths.gatewayViewers) { await self.take($0) }
            } catch {
                logger.debug("viewers are not known", metadata: ["error": "\(error)"])
            }
            take(.unknown)
            // It lives, but sends us away while it is busy. Where it has ended, we are cancelled.
            try? await Task.sleep(for: .seconds(1))
        }
    }

    private func take(_ change: ViewerChange) {
        if let machine = watch.isNews(change) { note(machine) }
        switch change {
        case .watched(let token): if let machine = watch.machine(token) { report.yield(.watched(machine)) }
        case .left(let token): if let machine = watch.machine(token) { report.yield(.left(machine)) }
        case .known, .unknown: break
        }
        waitFor(watch.take(change))
    }

    /// The next worker must know of a viewer too, also where the gateway has ended with us.
    private func note(_ machine: MachineRef) {
        do throws(ProcessError) {
            try Files.write("", to: paths.session(machine.session).viewed)
        } catch {
            logger.warning(
                "one-shot session may outlive its viewer if this worker ends",
                metadata: ["session.id": "\(machine.session)", "error": "\(error)"])
        }
    }

    func waitFor(_ departures: [ViewerWatch.Departure]) {
        for departure in departures { departed.yield(departure) }
    }

    /// Tells of each one-shot session to which nobody has come back when its grace is over, until cancelled.
    func endGraces() async {
        await withDiscardingTaskGroup { group in
            for await departure in departures {
                group.addTask {
                    // A viewer may come until then; ends early only with the worker, whose successor begins anew.
                    try? await Task.sleep(for: self.grace)
                    guard !Task.isCancelled, let machine = await self.watch.deserted(departure) else { return }
                    self.report.yield(.deserted(machine))
                }
            }
            group.cancelAll()
        }
    }
}
