import Catalogue
import Domain
import Machines
import Processes
import QMP
import Viewer

extension QEMUHypervisor {
    /// How long a picture must stay as it is, and how much of it: a cursor may blink, a clock may go.
    private static let stillness = Duration.seconds(2)
    private static let likeness = 0.995
    /// Pixels of text modes, of which the largest that firmware has is 720 x 400; and of what is looked at, at most.
    private static let textPixels = 720 * 400
    private static let mostPixels = 4096 * 2160
    /// A picture that never stands still is there all the same.
    private static let patience = Duration.seconds(600)

    /// Tells when a machine's desktop is there. What it writes to its console is seen by who reads that.
    func followReadiness(_ machine: LiveMachine) async {
        switch Readiness(waitedFor: machine.paths) {
        case .seconds(let seconds)?:
            await machine.switchedOn.wait()
            // Nothing tells when this guest is ready, so its administrator has said how long it takes.
            guard (try? await Task.sleep(for: .seconds(seconds))) != nil else { return }
            isReady(machine)
        case .picture?:
            await machine.switchedOn.wait()
            if await Self.pictureStandsStill(machine) { isReady(machine) }
        case .serial?, .agent?, nil: break
        }
    }

    /// Looks at the picture as a viewer does, beside the actor: pictures are large.
    /// - Returns: False if the machine ended before.
    private nonisolated static func pictureStandsStill(_ machine: LiveMachine) async -> Bool {
        let end = ContinuousClock.now + patience
        while !Task.isCancelled, !machine.process.isGone {
            if ContinuousClock.now > end { return true }
            do {
                let viewer = try await Viewer.connect(unixSocket: machine.paths.vnc)
                var last = try await viewer.frame()
                while !Task.isCancelled, ContinuousClock.now < end, last.width * last.height <= mostPixels {
                    do {
                        let next = try await viewer.nextChange(deadline: stillness)
                        if next.width != last.width || next.similarity(to: last) < likeness { last = next }
                        // Whatever moves there: once a second is often enough.
                        try await Task.sleep(for: .seconds(1))
                    } catch let error as ViewerError where error.code == .timedOut {
                        if last.width * last.height > textPixels, !last.isBlank {
                            await viewer.close()
                            return true
                        }
                    }
                }
                await viewer.close()
                if !Task.isCancelled { return true }
            } catch {
                // QEMU ends, or is too busy to answer a viewer.
                guard (try? await Task.sleep(for: stillness)) != nil else { return false }
            }
        }
        return false
    }

    /// Tells once that the desktop is there. The mark goes when the queue knows.
    func isReady(_ machine: LiveMachine) {
        guard let known = machines[machine.session], known.fence == machine.fence, !known.toldReady,
            Readiness(waitedFor: machine.paths) != nil
        else { return }
        machines[machine.session]?.toldReady = true
        emit(.ready(machine.session, fence: machine.fence, isTimed: !machine.isAdopted))
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
