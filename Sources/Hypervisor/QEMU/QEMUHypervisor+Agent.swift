import Catalogue
import Domain
import Logging
import Machines
import Processes
import QMP

extension QEMUHypervisor {
    /// Where the boot scripts stand in a guest whose agent takes them: a directory in memory that only root writes to.
    private static let script = "/run/qwd-boot-script"
    /// Between two looks at a script that runs; the agent tells nothing by itself.
    private static let pause = Duration.seconds(1)

    /// The guest's agent has opened its port.
    func agentIsThere(_ machine: LiveMachine) {
        if Readiness(waitedFor: machine.paths) == .agent { isReady(machine) }
        guard Files.exists(machine.paths.bootAgent), machines[machine.session]?.isGivingScript == false else { return }
        machines[machine.session]?.isGivingScript = true
        giveScript(machine)
    }

    /// Of a machine of an earlier worker, whose event may have come while nobody listened.
    func lookForAgent(_ machine: LiveMachine) async {
        guard Readiness(waitedFor: machine.paths) == .agent || Files.exists(machine.paths.bootAgent) else { return }
        let devices = try? await machine.qmp.execute(QueryCharacterDevices())
        if devices?.contains(where: { $0.label == "agent" && $0.isOpenInGuest }) == true { agentIsThere(machine) }
    }

    /// Gives a guest its boot scripts by its agent and tells what becomes of them. One that has them already, by another way or from an
    /// earlier worker, does nothing with them.
    func runScript(_ machine: LiveMachine) async {
        guard let script = Files.read(machine.paths.bootScript) else { return }
        do {
            var agent = try await GuestAgent(machine.paths)
            try await agent.write(script, to: Self.script)
            let process = try await agent.start("/bin/sh", [Self.script])
            var status = try await agent.status(of: process)
            while !status.exited {
                guard (try? await Task.sleep(for: Self.pause)) != nil else { return }
                status = try await agent.status(of: process)
            }
            var reports = BootScriptReports()
            for result in reports.results(in: status.text) { tellScript(result, of: machine) }
            machines[machine.session]?.scriptProblem = ""
        } catch {
            guard !Task.isCancelled, !machine.process.isGone else { return }
            logger.notice(
                "boot script not given by the agent",
                metadata: ["session.id": "\(machine.session)", "error": "\(error)"])
            // Where it is one of several ways another one may do it.
            if Files.read(machine.paths.bootAgent) == Self.only {
                machines[machine.session]?.scriptProblem = "The boot script does not run: \(error.detail)"
            }
        }
        machines[machine.session]?.isGivingScript = false
        tellTrouble(of: machine.session)
    }

    /// What stands in the mark where no other way is left.
    static let only = "only"
}
