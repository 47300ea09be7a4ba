package import Domain

/// Where a host keeps what belongs to sessions: sockets and marks in the runtime directory, disks and logs in the state
/// directory. These directories are the worker's only memory.
package struct HostPaths: Sendable, Hashable {
    package let runtime: String
    package let state: String

    package init(runtime: String, state: String) {
        self.runtime = runtime
        self.state = state
    }

    package var sessions: String { "\(runtime)/sessions" }
    package var disks: String { "\(state)/sessions" }
    /// How the name of a session's disk begins that is being removed.
    package static let removed = ".removed-"
    /// How long desktops took to be there.
    package var readyTimes: String { "\(state)/ready-times.json" }
    /// Names of display tokens, each the VNC socket that it opens.
    package var tokens: String { "\(runtime)/tokens" }
    package var gatewayPID: String { "\(runtime)/gateway.pid" }
    /// How the host's gateway was set up.
    package var gatewaySetup: String { "\(runtime)/gateway.setup" }
    /// Its copies of the certificate and the key.
    package var gatewayCertificates: String { "\(runtime)/gateway" }
    /// Where it tells who looks at what.
    package var gatewayViewers: String { "\(runtime)/gateway.sock" }
    /// Why it could not start.
    package var gatewayLog: String { "\(runtime)/gateway.log" }
    /// What keeps the guests' network.
    package var network: String { "\(runtime)/network" }
    package var networkHolder: String { "\(network)/holder.pid" }
    /// Whose network it is.
    package var networkSetup: String { "\(network)/holder.setup" }
    package var networkLog: String { "\(network)/holder.log" }
    package var pastaPID: String { "\(network)/pasta.pid" }
    package var pastaLog: String { "\(network)/pasta.log" }
    /// How pasta was set up.
    package var pastaSetup: String { "\(network)/pasta.setup" }
    /// Exchange folders, which outlive their sessions, and the sockets of their doors.
    package var exchanges: String { "\(state)/exchange" }
    package var exchangeSockets: String { "\(runtime)/exchange" }
    package func exchange(_ id: SessionID) -> ExchangePaths {
        ExchangePaths(directory: "\(exchanges)/\(id)", socket: "\(exchangeSockets)/\(id)")
    }
    /// The small system by which libguestfs looks into disks.
    package var appliance: String { "\(state)/appliance" }
    /// What a worker locks: the sessions' files in both directories are its own.
    package var workerLocks: [String] { ["\(runtime)/worker.lock", "\(state)/worker.lock"] }

    package func session(_ id: SessionID) -> SessionPaths {
        SessionPaths(run: "\(sessions)/\(id)", disk: "\(disks)/\(id)")
    }
}

/// The files of one session on its host.
package struct SessionPaths: Sendable, Hashable {
    /// Sockets and marks; short, because a socket's path may have 107 bytes.
    package let run: String
    /// Overlay and log.
    package let disk: String

    /// Number of the last claim that acted here.
    package var fence: String { "\(run)/fence" }
    /// Which file the machine was made of.
    package var master: String { "\(run)/master" }
    package var pid: String { "\(run)/pid" }
    /// The number of the session's user, where it has one.
    package var user: String { "\(run)/user" }
    /// The network's helper.
    package var networkPID: String { "\(run)/passt.pid" }
    /// The display's token, while the display is open.
    package var token: String { "\(run)/token" }
    /// Why the network is off; there only then.
    package var networkProblem: String { "\(run)/network-off" }
    /// There when a one-shot session has had a viewer.
    package var viewed: String { "\(run)/viewed" }
    /// QEMU's machine protocol; the worker holds its one connection.
    package var qmp: String { "\(run)/qmp.sock" }
    /// What is to happen before its desktop is there; there until then.
    package var readiness: String { "\(run)/readiness" }
    /// A second door to the machine protocol, for an administrator.
    package var monitor: String { "\(run)/monitor.sock" }
    package var network: String { "\(run)/net.sock" }
    package var vnc: String { "\(run)/vnc.sock" }
    /// The boot scripts, and two ways in which they come into the guest.
    package var bootScript: String { "\(disk)/boot-script" }
    /// One of those for Windows.
    package func batchScript(_ number: Int) -> String { "\(disk)/boot-script-\(number)" }
    package var bootCredential: String { "\(disk)/boot-credential" }
    package var bootSeed: String { "\(disk)/boot-seed" }
    /// What libguestfs is to do to the disk, and where it works meanwhile.
    package var diskCommands: String { "\(disk)/disk-commands" }
    package var customizing: String { "\(disk)/customizing" }
    /// Says that the guest's agent is one of the ways, or the only one.
    package var bootAgent: String { "\(disk)/boot-agent" }
    /// The serial console, and what a BIOS says of its work.
    package var console: String { "\(run)/console.sock" }
    /// What serves its folders: a file for each, by its tag.
    package var folderServers: String { "\(run)/folders" }
    package func folderServer(_ tag: String) -> String { "\(folderServers)/\(tag)" }
    /// The graphics cards that it has, one a line.
    package var graphicsCards: String { "\(run)/graphics-cards" }
    /// The guest's agent.
    package var agent: String { "\(run)/agent.sock" }
    package var overlay: String { overlay("") }
    /// - Parameter place: Of a further disk.
    package func overlay(_ place: String) -> String { "\(disk)/overlay\(place).qcow2" }
    /// UEFI's memory of its settings.
    package var variables: String { "\(disk)/uefi-variables.fd" }
    /// The last lines of the console.
    package var consoleLog: String { "\(disk)/console.log" }
    /// What a trusted platform module keeps.
    package var tpm: String { "\(disk)/tpm" }
    package var tpmLog: String { "\(disk)/swtpm.log" }
    package var log: String { "\(disk)/qemu.log" }
    /// What its file servers say.
    package var folderLog: String { "\(disk)/folders.log" }
    /// Whose it is and what was asked for.
    package var record: String { "\(disk)/session.json" }
    package var networkLog: String { "\(disk)/passt.log" }
}

/// A session's exchange folder on its host.
package struct ExchangePaths: Sendable, Hashable {
    package let directory: String
    /// Where its door listens.
    package let socket: String

    package init(directory: String, socket: String) {
        self.directory = directory
        self.socket = socket
    }

    /// What the guest sees, owned by the session's user.
    package var files: String { "\(directory)/files" }
    /// There since its session has ended.
    package var ended: String { "\(directory)/ended" }
    package var log: String { "\(directory)/door.log" }
}
