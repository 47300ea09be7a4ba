import Catalogue
import Domain
import Logging
import Machines
import Processes
import QMP

extension QEMUHypervisor {
    /// Follows one machine to its end.
    func watch(_ machine: LiveMachine) async {
        if machine.isAdopted { await lookForAgent(machine) }
        for await event in machine.qmp.events {
            switch event {
            case .shutdown(guest: true, _):
                machine.poweredOff.open()
                ended(machine, .poweredOff, "")
            case .stop:
                await examine(machine)
            case .resume:
                machine.switchedOn.open()
                guard let known = machines[machine.session], known.standsStill else { continue }
                machines[machine.session]?.waitsForSpace = false
                machines[machine.session]?.hasTooManyFiles = false
                tellTrouble(of: machine.session)
            case .serialPortChanged(id: "agent", open: true):
                agentIsThere(machine)
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
        machine.console.write()
        let last = reason == .crashed ? machine.console.lastLines(3) : ""
        let words = last.isEmpty ? detail : "\(detail) Its console said at last: \(last.suffix(300))"
        emit(.ended(machine.session, fence: machine.fence, reason, detail: words))
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
            await checkNetwork(machine)
            // Again: a session that was lost meanwhile has forgotten it.
            if machines[machine.session]?.trouble.isEmpty == false { tellTrouble(of: machine.session) }
        }
        for machine in silent.values { tellSilence(of: machine) }
        for session in emptyGroups { await removeGroup(of: session) }
    }

    package func pauseForSpace() async {
        await each({ !$0.waitsForSpace }) { machine in
            // One that waits for its first start writes nothing.
            guard (try? await machine.qmp.execute(QueryStatus()))?.state == .running else { return }
            _ = try? await machine.qmp.execute(Stop())
            await self.waits(machine)
        }
    }

    package func goOnWithSpace() async {
        // If there is still no space it stops again at once, with another event.
        await each({ $0.waitsForSpace && !$0.hasTooManyFiles }) { _ = try? await $0.qmp.execute(Continue()) }
    }

    private func waits(_ machine: LiveMachine) {
        guard machines[machine.session]?.fence == machine.fence else { return }
        machines[machine.session]?.waitsForSpace = true
        tellTrouble(of: machine.session)
    }

    /// Does something with some machines at once: one of them may not answer.
    private func each(
        _ isMeant: (LiveMachine) -> Bool, _ body: @escaping @Sendable (LiveMachine) async -> Void
    ) async {
        await withDiscardingTaskGroup { group in
            for machine in machines.values where isMeant(machine) && !machine.isStopping {
                group.addTask { await body(machine) }
            }
        }
    }

    func tellTrouble(of session: SessionID) {
        guard let machine = machines[session], !machine.isStopping else { return }
        emit(.trouble(session, detail: machine.trouble))
    }
}
