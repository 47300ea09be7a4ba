import Domain
import Logging
import Machines
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
                tellTrouble(of: machine.session)
            case .guestPanicked:
                ended(machine, .crashed, whyCrashed(.guestPanicked) ?? "")
            case .netdevStreamDisconnected:
                await reconnectNetwork(machine)
            default:
                break
            }
        }
        if Task.isCancelled { return }
        // The socket ended: QEMU is gone, or soon will be.
        _ = await machine.process.waitForEnd(limit: .seconds(1))
        ended(machine, .crashed, "QEMU ended unexpectedly. \(machine.paths.lastWords(of: \.log))")
    }

    /// Tells the end of a machine once, unless it was asked for.
    func ended(_ machine: LiveMachine, _ reason: EndReason, _ detail: String) {
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
        if let why = whyCrashed(status.state) {
            ended(machine, .crashed, why)
        } else if status.state == .ioError {
            machines[machine.session]?.waitsForSpace = true
            tellTrouble(of: machine.session)
        }
    }

    /// Why a machine in this state can't go on, or nil.
    nonisolated func whyCrashed(_ state: QMPRunState) -> String? {
        switch state {
        case .internalError:
            "The host's accelerator (\(accelerator)) failed. Set worker.accelerator to tcg on this host."
        case .guestPanicked: "The guest's kernel panicked."
        default: nil
        }
    }

    package func checkUp() async {
        await checkMasters()
        for machine in machines.values {
            // If there is still no space it stops again at once, with another event.
            if machine.waitsForSpace { _ = try? await machine.qmp.execute(Continue()) }
            await checkNetwork(machine)
            // Again: a session that was lost meanwhile has forgotten it.
            if machines[machine.session]?.trouble.isEmpty == false { tellTrouble(of: machine.session) }
        }
        for machine in silent.values { tellSilence(of: machine) }
        for session in emptyGroups { await removeGroup(of: session) }
    }

    func tellTrouble(of session: SessionID) {
        guard let machine = machines[session], !machine.isStopping else { return }
        emit(.trouble(session, detail: machine.trouble))
    }
}
