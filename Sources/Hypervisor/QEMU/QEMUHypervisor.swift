package import Catalogue
import Domain
package import GraphicsCards
package import GuestNetwork
package import Logging
package import Machines
package import Processes
import QMP

/// Machines by QEMU. Each is a process of its own that outlives this worker and is adopted again through its QMP socket.
package actor QEMUHypervisor: Hypervisor {
    package nonisolated let events: AsyncStream<MachineEvent>
    package nonisolated let accelerator: String
    let kind: Accelerator
    let paths: HostPaths
    /// Whom machines run as, where we are root.
    let users: UserRange?
    let network: GuestNetwork
    let groups: ControlGroupParents
    let rate: DiskRate
    let cards: CardDiscovery
    let appliance: DiskAppliance
    /// Control groups of sessions that are over.
    var emptyGroups: Set<SessionID> = []
    let logger: Logger
    /// Opens when it was tried once.
    private nonisolated let confinementTried = Latch()
    private var confinementProblem: String? = "It is being tried whether machines can be shut in."
    /// For looks at master images, whose disk may hang.
    let masterThreads = FileThreads(width: 4)
    var machines: [SessionID: LiveMachine] = [:]
    var silent: [SessionID: UnresponsiveMachine] = [:]
    private nonisolated let report: AsyncStream<MachineEvent>.Continuation
    private nonisolated let newcomers: AsyncStream<Watched>
    private nonisolated let register: AsyncStream<Watched>.Continuation

    private enum Watched: Sendable {
        case live(LiveMachine)
        case console(LiveMachine)
        case folders(LiveMachine)
        case readiness(LiveMachine)
        case firmware(LiveMachine)
        case script(LiveMachine)
        case silent(UnresponsiveMachine)
    }

    /// - Parameters:
    ///   - users: Given if and only if we are root.
    package init(
        paths: HostPaths, accelerator: Accelerator, users: UserRange?, network: GuestNetwork,
        groups: ControlGroupParents = ControlGroupParents(), rate: DiskRate = .unlimited,
        cards: CardDiscovery = CardDiscovery(), appliance: DiskAppliance? = nil, logger: Logger
    ) {
        self.paths = paths
        self.users = users
        self.network = network
        self.groups = groups
        self.rate = rate
        var cards = cards
        // Names are for people: each heartbeat counts the cards, and must read no file of a disk.
        cards.names = ""
        self.cards = cards
        self.appliance = appliance ?? DiskAppliance(path: paths.appliance)
        self.accelerator = accelerator.rawValue
        kind = accelerator
        self.logger = logger
        (events, report) = AsyncStream.makeStream()
        (newcomers, register) = AsyncStream.makeStream()
    }

    package nonisolated func accelerator(of machine: Machine) -> String {
        kind.running(machine.hardware.architecture).rawValue
    }

    /// Watches every machine until cancelled.
    package nonisolated func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await IsolationCheck.endInterrupted(self.paths) }
            group.addTask { await self.removeDiscarded() }
            group.addTask { await self.network.run() }
            group.addTask { await self.confine() }
            for await newcomer in newcomers {
                group.addTask {
                    switch newcomer {
                    case .live(let machine): await self.watch(machine)
                    case .console(let machine): await self.followConsole(machine)
                    case .folders(let machine): await self.watchFolders(machine)
                    case .readiness(let machine): await self.followReadiness(machine)
                    case .firmware(let machine): await self.followFirmware(machine)
                    case .script(let machine): await self.runScript(machine)
                    case .silent(let machine): await self.listen(to: machine)
                    }
                }
            }
            group.cancelAll()
        }
        // Whoever is killed leaves it, for guests that live on.
        if await isEmpty { await network.end() }
    }

    private var isEmpty: Bool { machines.isEmpty && silent.isEmpty }

    package func settle() async {
        await confinementTried.wait()
        await network.settled()
    }

    package var problem: String? {
        get async { if let confinementProblem { confinementProblem } else { await network.problem } }
    }

    /// Looks until machines can be shut in.
    private func confine() async {
        defer { confinementTried.open() }
        while !Task.isCancelled {
            do throws(MachineError) {
                try await tryConfinement()
                confinementProblem = nil
                return
            } catch {
                if confinementProblem != error.detail {
                    logger.error("no machines on this host", metadata: ["error": "\(error)"])
                }
                confinementProblem = error.detail
                confinementTried.open()
                // There is no event for a program that is installed or a right that is given: look again now and then.
                try? await Task.sleep(for: .seconds(5))
            }
        }
    }

    /// Starts to look after a machine that answers.
    func register(_ machine: LiveMachine) {
        machines[machine.session] = machine
        register.yield(.live(machine))
        register.yield(.console(machine))
        if !machine.folderServers.isEmpty { register.yield(.folders(machine)) }
        if Readiness(waitedFor: machine.paths) != nil { register.yield(.readiness(machine)) }
        // What a guest that has long been running says is not its BIOS's.
        if !machine.isAdopted { register.yield(.firmware(machine)) }
    }

    /// Lets the agent in a guest have the boot scripts, beside everything else.
    func giveScript(_ machine: LiveMachine) { register.yield(.script(machine)) }

    func follow(_ machine: UnresponsiveMachine) {
        register.yield(.silent(machine))
    }

    func emit(_ event: MachineEvent) {
        report.yield(event)
    }

    func live(_ machine: MachineRef) throws(MachineError) -> LiveMachine {
        try FenceFile.check(paths.session(machine.session), machine.fence)
        guard let live = machines[machine.session] else {
            throw MachineError(.notAnswering, "The machine of session \(machine.session) is not running here.")
        }
        return live
    }
}
