import Domain
import Logging
import Machines
import Processes
import QMP

/// A one-shot session ends when its viewer has left, which is not the moment in which a connection breaks: a page is loaded
/// again, a network changes. So there is a grace in which a viewer may come back.
extension QEMUHypervisor {
    /// Somebody sees the display.
    func viewerCame(to machine: LiveMachine) {
        guard machine.oneShot, machines[machine.session]?.hadViewer == false else { return }
        machines[machine.session]?.hadViewer = true
        do throws(ProcessError) {
            // The next worker must know it too.
            try Files.write("viewed", to: machine.paths.oneShot)
        } catch {
            logger.warning(
                "one-shot session may outlive its viewer if this worker ends",
                metadata: ["session.id": "\(machine.session)", "error": "\(error)"])
        }
    }

    /// A connection to the display ended. Where it was the last one of somebody who had seen it, the grace begins.
    func viewerLeft(_ machine: LiveMachine) async {
        guard machine.oneShot, machines[machine.session]?.hadViewer == true, await !isWatched(machine) else { return }
        machines[machine.session]?.departures += 1
        if let deserted = machines[machine.session] { awaitViewer(of: deserted) }
    }

    /// An earlier worker may have seen viewers come, or missed that they came.
    func adoptViewers(of machine: LiveMachine) async {
        guard machine.oneShot else { return }
        if await isWatched(machine) {
            viewerCame(to: machine)
        } else if Files.read(machine.paths.oneShot) == "viewed" {
            machines[machine.session]?.hadViewer = true
            await viewerLeft(machine)
        }
    }

    /// Ends the session if nobody has come back when the grace is over.
    func endGrace(of machine: LiveMachine) async {
        // A viewer may come until then; ends early only with the worker, whose successor begins anew.
        try? await Task.sleep(for: oneShotGrace)
        guard !Task.isCancelled, let known = machines[machine.session], known.fence == machine.fence,
            known.departures == machine.departures, await !isWatched(machine)
        else { return }
        ended(machine, .viewerLeft, "")
    }

    /// Whether somebody is connected to the display. A machine that does not answer counts as watched: nobody knows.
    private func isWatched(_ machine: LiveMachine) async -> Bool {
        do {
            return try await machine.qmp.execute(QueryVNC()).viewers?.isEmpty == false
        } catch {
            return true
        }
    }
}
