import Catalogue
import Domain
import Machines
import Processes
import Viewer

extension QEMUHypervisor {
    /// How long a picture must stay as it is, and how much of it: a cursor may blink, a clock may go.
    private static let stillness = Duration.seconds(2)
    private static let likeness = 0.995
    /// Pixels of text modes, of which the largest that firmware has is 720 x 400.
    private static let textPixels = 720 * 400

    /// Tells when a machine's desktop is there, where that is seen from outside. Its agent, and what it writes to its console, are
    /// seen by those who listen there.
    func followReadiness(_ machine: LiveMachine) async {
        switch Readiness(waitedFor: machine.paths) {
        case .seconds(let seconds)?:
            await machine.switchedOn.wait()
            // Nothing tells when this guest is ready, so its administrator has said how long it takes.
            guard (try? await Task.sleep(for: .seconds(seconds))) != nil else { return }
            isReady(machine)
        case .picture?:
            await machine.switchedOn.wait()
            await waitForPicture(of: machine)
        case .serial?, .agent?, nil: break
        }
    }

    private func waitForPicture(of machine: LiveMachine) async {
        while !Task.isCancelled, machines[machine.session]?.fence == machine.fence, !machine.process.isGone {
            do {
                let viewer = try await Viewer.connect(unixSocket: machine.paths.vnc)
                var last = try await viewer.frame()
                while !Task.isCancelled {
                    do {
                        let next = try await viewer.nextChange(deadline: Self.stillness)
                        if next.width != last.width || next.similarity(to: last) < Self.likeness { last = next }
                    } catch  where error.code == .timedOut {
                        if last.width * last.height > Self.textPixels, !last.isBlank {
                            await viewer.close()
                            return isReady(machine)
                        }
                    }
                }
                await viewer.close()
            } catch {
                // QEMU ends, or is too busy to answer a viewer.
                guard (try? await Task.sleep(for: Self.stillness)) != nil else { return }
            }
        }
    }

    /// Tells once that the desktop is there.
    func isReady(_ machine: LiveMachine) {
        guard let known = machines[machine.session], known.fence == machine.fence,
            Readiness(waitedFor: machine.paths) != nil
        else { return }
        Files.remove(machine.paths.readiness)
        emit(.ready(machine.session, fence: machine.fence))
    }

    /// What is waited for, kept until it has come: also an heir of this worker waits for it.
    func expectReadiness(_ specification: MachineSpecification) throws(MachineError) {
        guard let ready = specification.machine.ready else { return }
        let path = paths.session(specification.session).readiness
        try MachineError.translating { () throws(ProcessError) in try Files.write(ready.written, to: path) }
    }
}

extension Readiness {
    /// What a session's machine has not done yet; nil if nothing is waited for.
    init?(waitedFor paths: SessionPaths) {
        guard let text = Files.read(paths.readiness), let ready = Readiness(written: text) else { return nil }
        self = ready
    }
}
