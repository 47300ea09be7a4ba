import Catalogue
import Domain
import Logging
import Machines
import Processes
import QMP

extension QEMUHypervisor {
    /// A directory of their own for the boot scripts in a guest whose agent takes them, in memory.
    private static let script = "/run/qwd-boot-script"
    /// Between two looks at a script that runs; the agent tells nothing by itself.
    private static let pause = Duration.seconds(1)

    /// How often it is tried again with an agent that does not answer, as on a host that is busy while its guest starts.
    private static let tries = 5

    /// The guest's agent has opened its port.
    func agentIsThere(_ machine: LiveMachine) {
        if Readiness(waitedFor: machine.paths) == .agent { isReady(machine) }
        guard Files.exists(machine.paths.bootAgent), let known = machines[machine.session] else { return }
        // One that begins anew has forgotten what it was asked for.
        machines[machine.session]?.agentCameAgain = known.isGivingScript
        if known.isGivingScript { return }
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
    /// earlier worker, waits for them to end and says the same.
    func runScript(_ machine: LiveMachine) async {
        guard let script = Files.read(machine.paths.bootScript) else { return }
        for attempt in 1...Self.tries where !machine.process.isGone {
            machines[machine.session]?.agentCameAgain = false
            do {
                try await give(script, to: machine)
                machines[machine.session]?.scriptProblem = ""
                break
            } catch {
                if Task.isCancelled { return }
                guard machines[machine.session] != nil, !machine.process.isGone else { return }
                logger.notice(
                    "boot script not given by the agent",
                    metadata: ["session.id": "\(machine.session)", "error": "\(error)"])
                // Where it is one of several ways another one may do it.
                if Files.read(machine.paths.bootAgent) == Self.only {
                    machines[machine.session]?.scriptProblem = "The boot script does not run: \(error.detail)"
                }
                // It has said what it does not do, and has not begun anew since.
                if error.code != .notAnswering, machines[machine.session]?.agentCameAgain != true { break }
                guard (try? await Task.sleep(for: Self.pause * attempt)) != nil else { return }
            }
        }
        machines[machine.session]?.isGivingScript = false
        tellTrouble(of: machine.session)
    }

    private func give(_ script: String, to machine: LiveMachine) async throws(MachineError) {
        var agent = try await GuestAgent(machine.paths)
        // A file that is there keeps its mode: nobody else of the guest may write to what root runs, or read a password in it.
        let making = try await agent.start(
            "/bin/sh", ["-c", "umask 077; rm -rf \(Self.script); mkdir \(Self.script) && : > \(Self.script)/script"])
        _ = try await end(of: making, agent)
        try await agent.write(script, to: "\(Self.script)/script")
        let process = try await agent.start("/bin/sh", ["\(Self.script)/script", "wait"])
        let status = try await end(of: process, agent)
        var reports = BootScriptReports()
        for result in reports.results(in: status.text) { tellScript(result, of: machine) }
        let removing = try await agent.start("/bin/rm", ["-rf", Self.script])
        _ = try await agent.status(of: removing)
    }

    /// Waits until a program in the guest has ended.
    private func end(of process: Int, _ agent: GuestAgent) async throws(MachineError) -> GuestAgent.Status {
        var agent = agent
        while true {
            let status = try await agent.status(of: process)
            if status.exited { return status }
            guard (try? await Task.sleep(for: Self.pause)) != nil else {
                throw MachineError(.notAnswering, "The wait for the guest's agent was cancelled.")
            }
        }
    }

    /// What stands in the mark where no other way is left.
    static let only = "only"
}
