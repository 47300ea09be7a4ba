import Domain
import Logging
import Processes
import QMP

extension QEMUHypervisor {
    /// Follows one machine to its end.
    func watch(_ machine: LiveMachine) async {
        for await event in machine.qmp.events {
            switch event {
            case .shutdown(guest: true, _):
                machine.poweredOff.open()
                ended(machine, .poweredOff, "")
            case .stop:
                await examine(machine)
            case .resume where machines[machine.session]?.waitsForSpace == true:
                machines[machine.session]?.waitsForSpace = false
                emit(.trouble(machine.session, detail: ""))
            case .guestPanicked:
                ended(machine, .crashed, "The guest's kernel panicked.")
            case .vncDisconnected where machine.oneShot:
                ended(machine, .viewerLeft, "")
            case .netdevStreamDisconnected:
                await reconnectNetwork(machine)
            default:
                break
            }
        }
        if Task.isCancelled { return }
        // The socket ended: QEMU is gone, or soon will be.
        _ = await machine.process.waitForEnd(limit: .seconds(1))
        ended(machine, .crashed, "QEMU ended unexpectedly. \(lastWords(machine.paths))")
    }

    /// Tells the end of a machine once, unless it was asked for.
    private func ended(_ machine: LiveMachine, _ reason: EndReason, _ detail: String) {
        guard let known = machines[machine.session], known.fence == machine.fence, !known.isStopping else { return }
        machines[machine.session]?.isStopping = true
        emit(.ended(machine.session, fence: machine.fence, reason, detail: detail))
    }

    /// A machine stands still without our doing: why?
    private func examine(_ machine: LiveMachine) async {
        guard let status = try? await machine.qmp.execute(QueryStatus()) else {
            // It does not answer any more: then the end of its socket tells the rest.
            return
        }
        switch status.state {
        case .internalError:
            ended(
                machine, .crashed,
                "The host's accelerator (\(accelerator)) failed. Set worker.accelerator to tcg on this host.")
        case .guestPanicked:
            ended(machine, .crashed, "The guest's kernel panicked.")
        case .ioError:
            machines[machine.session]?.waitsForSpace = true
            emit(.trouble(machine.session, detail: "Paused: the host's disk is full. It goes on when there is space."))
        default:
            break
        }
    }

    private func reconnectNetwork(_ machine: LiveMachine) async {
        guard machines[machine.session]?.isStopping == false, !machine.process.isGone else { return }
        logger.warning("network helper ended, starting another", metadata: ["session.id": "\(machine.session)"])
        do {
            try await Passt.connect(machine.paths)
        } catch {
            emit(.trouble(machine.session, detail: "The network is off: \(error)"))
        }
    }

    package func checkUp() async {
        for machine in machines.values where machine.waitsForSpace {
            // If there is still no space it stops again at once, with another event.
            _ = try? await machine.qmp.execute(Continue())
        }
    }
}
