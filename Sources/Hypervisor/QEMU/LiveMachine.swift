import Domain
import Machines
import Processes
import QMP

/// A QEMU process that this worker is connected to.
struct LiveMachine: Sendable {
    let session: SessionID
    let fence: Int
    let paths: SessionPaths
    let qmp: QMPClient
    let process: ProcessHandle
    /// Opens when the guest has powered off.
    let poweredOff: Latch
    /// Opens when the machine runs for the first time.
    let switchedOn = Latch()
    /// What it has written to its console.
    let console: ConsoleLog
    /// Whether an earlier worker has started it.
    var isAdopted = false
    /// Whether it was told that its desktop is there.
    var toldReady = false
    /// Whether its end was asked for: then it is no event.
    var isStopping = false
    /// Whether it stands still because its disk can't grow, or because there is too little room for all.
    var waitsForSpace = false
    /// Whether it stands still because there are too many files in its exchange folder.
    var hasTooManyFiles = false
    /// What serves its folders, and which of them are served no more.
    var folderServers: FolderServers = [:]
    var lostFolders: Set<String> = []
    /// What serves its exchange folder, where that was looked for.
    var exchangeServer: ProcessHandle?
    /// What is wrong with the file it was made of; empty if nothing is.
    var masterProblem = ""
    /// Which boot scripts were told of, by their number.
    var toldScripts: Set<Int> = []
    /// Whether its agent is being given the boot scripts.
    var isGivingScript = false
    /// Whether the agent has begun anew meanwhile.
    var agentCameAgain = false
    /// Why they do not run; empty if they do, or if nobody knows.
    var scriptProblem = ""
    var network = NetworkLink()

    var standsStill: Bool { waitsForSpace || hasTooManyFiles }

    /// What its user should know, or nothing.
    var trouble: String {
        if hasTooManyFiles {
            return
                "Paused: there are more files in its exchange folder than are looked after. Remove some on this page, then it goes on."
        }
        return waitsForSpace
            ? "Paused: the host's disk is full. It goes on by itself when there is room; a session that is stopped gives some."
            : [masterProblem, folderProblem, network.problem ?? "", scriptProblem].first { !$0.isEmpty } ?? ""
    }

    private var folderProblem: String {
        if lostFolders.isEmpty { return "" }
        let places = lostFolders.sorted().map(HostFolder.place).joined(separator: ", ")
        return
            "\(places) can't be reached from the desktop any more: what serves it on the host has ended. A new session has it again."
    }
}

/// A QEMU process that an earlier worker has started and that does not answer yet: its host may be busy. Only its process
/// says whether it lives.
struct UnresponsiveMachine: Sendable {
    let session: SessionID
    let fence: Int
    let process: ProcessHandle
    /// Whether its end was asked for: then it is no event.
    var isStopping = false
}
