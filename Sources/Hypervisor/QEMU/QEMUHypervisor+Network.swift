import Domain
import Glibc
import GuestNetwork
import Logging
import Machines
import Processes
import QMP

/// What is known of a machine's network helper.
struct NetworkLink: Sendable {
    var startedAt = ContinuousClock.now
    /// Whether the last try failed.
    var isOff = false
    /// What the user was told.
    var problem: String?

    init() {}

    /// What an earlier worker knew.
    init(adopting paths: SessionPaths) {
        problem = Files.read(paths.networkProblem)
        isOff = problem != nil
    }
}

extension QEMUHypervisor {
    /// A helper that lived for less is one that can't work here: to start it again at once would only keep us busy.
    private static let shortestLife = Duration.seconds(1)

    func startNetwork(_ machine: LiveMachine) async throws(MachineError) {
        machines[machine.session]?.network.startedAt = .now
        // A machine without a network card.
        guard Files.exists(machine.paths.network) else { return }
        if let why = await network.offline {
            networkIsOff(machine, why)
            return
        }
        let (helper, shaper) = try await Passt.connect(
            machine.paths, account: account(of: machine.paths), namespace: try await network.namespace(),
            source: source(of: machine.session), resolvers: await network.resolvers, rate: network.options.rate)
        for process in [helper, shaper].compactMap(\.self) {
            ControlGroup(machine.session.text, in: groups).add(process.pid)
        }
        // For the end of the session. One that is not recorded ends with QEMU's socket.
        try? helper.record(in: machine.paths.networkPID)
    }

    /// By its user's number, which no other session has; else by its id.
    func source(of session: SessionID) -> SourceAddress {
        guard let users, let account = account(of: paths.session(session)) else { return SourceAddress(session) }
        return SourceAddress(number: Int(account.userID - users.first))
    }

    /// Ends a helper that is still in a network which has ended: another one takes its place.
    private func leaveOldNetwork(_ machine: LiveMachine) async {
        guard let holder = try? await network.namespace(), let current = Files.target(of: "/proc/\(holder.pid)/ns/net"),
            let helper = ProcessHandle(pidFile: machine.paths.networkPID, mark: Passt.program),
            // Unreadable for others than root: then it stays, and ends with its machine.
            let own = Files.target(of: "/proc/\(helper.pid)/ns/net"), own != current
        else { return }
        logger.warning("guests' network was made anew", metadata: ["session.id": "\(machine.session)"])
        helper.signal(SIGKILL)
    }

    /// The helper has ended though the machine lives.
    func reconnectNetwork(_ machine: LiveMachine) async {
        guard let known = machines[machine.session], !known.isStopping, !machine.process.isGone else { return }
        if ContinuousClock.now - known.network.startedAt < Self.shortestLife {
            networkIsOff(
                machine, "\(Passt.program) ends as soon as it is started. \(machine.paths.lastWords(of: \.networkLog))")
            return
        }
        logger.warning("network helper ended, starting another", metadata: ["session.id": "\(machine.session)"])
        await tryNetwork(machine)
    }

    /// Looks after networks that are off, now and then: nothing tells us when what is missing is there.
    func checkNetwork(_ machine: LiveMachine) async {
        await leaveOldNetwork(machine)
        guard let link = machines[machine.session]?.network, link.problem != nil else { return }
        // Still off when the last try failed at once; else it has come up since, and stayed.
        if link.isOff {
            await tryNetwork(machine)
        } else if ContinuousClock.now - link.startedAt > Self.shortestLife {
            machines[machine.session]?.network.problem = nil
            Files.remove(machine.paths.networkProblem)
            tellTrouble(of: machine.session)
        }
    }

    private func tryNetwork(_ machine: LiveMachine) async {
        machines[machine.session]?.network.isOff = false
        do {
            try await startNetwork(machine)
        } catch {
            networkIsOff(machine, error.detail)
        }
    }

    private func networkIsOff(_ machine: LiveMachine, _ why: String) {
        machines[machine.session]?.network.isOff = true
        let problem = "The network is off: \(why)"
        guard machines[machine.session]?.network.problem != problem else { return }
        machines[machine.session]?.network.problem = problem
        // For the next worker. Without the mark it would only not try again.
        try? Files.write(problem, to: machine.paths.networkProblem)
        tellTrouble(of: machine.session)
    }
}
