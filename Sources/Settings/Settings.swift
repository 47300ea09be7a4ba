package import Domain

/// The configuration of every role: one nested struct for each section of `qwd.yaml`, in the same order.
///
/// A fresh value holds the built-in defaults; `SettingsLoader` fills in what files, environment and flags say. To add a
/// key, add a property with its default to its section (which may stand in another section) and one `SettingsKey` line below it: reading, checking,
/// environment name, `config show` and the test of the documentation follow from that line.
package struct Settings: Sendable, Equatable {
    /// Absolute path of overlays, the private Redis and the ledger.
    package var stateDir = HostEnvironment.systemStateDirectory
    /// Absolute path of sockets and what else dies with the host's boot.
    package var runtimeDir = HostEnvironment.systemRuntimeDirectory
    /// Who may say by `X-Forwarded-*` whom a request is from.
    package var proxies: [IPNetwork] = []
    package var redis = Redis()
    package var machines = Machines()
    package var frontend = Frontend()
    package var worker = Worker()
    package var network = Network()
    package var gpu = GPU()
    package var mounts: [HostFolder] = []
    package var exchange = Exchange()
    package var display = Display()
    package var defaults = Defaults()
    package var form = Form()
    package var limits = Limits()
    package var scripts = Scripts()
    package var auth = Auth()
    package var mail = Mail()
    package var tls = TLS()
    package var scheduler = Scheduler()
    package var log = Log()
    /// Where the values came from.
    package var origins = SettingsOrigins()

    package init() {}

    static let keys: [SettingsKey] = [
        SettingsKey(
            "state_dir", \.stateDir, .absolutePath,
            default: .derived(
                "`$STATE_DIRECTORY` or `/var/lib/qwd`; not root: `$XDG_STATE_HOME/qwd` or `~/.local/state/qwd`"
            ) { $1.stateDirectory },
            "Overlays, the private Redis and the ledger. Survives a reboot."),
        SettingsKey(
            "runtime_dir", \.runtimeDir, .absolutePath,
            default: .derived(
                "`$RUNTIME_DIRECTORY` or `/run/qwd`; not root: `$XDG_RUNTIME_DIR/qwd` or `/tmp/qwd-<uid>`"
            ) { $1.runtimeDirectory },
            "Sockets and lock files. At most 68 bytes long, because the kernel limits the path of a socket."),
        SettingsKey(
            "proxies", \.proxies, .list(of: .network),
            "Proxies in front of web pages and displays. Only what they say in `X-Forwarded-*` is believed."),
        SettingsKey(
            "mounts", \.mounts, .list(of: .hostFolder),
            "Directories of workers' hosts that guests get, by virtiofs. `{user}` in a path is the owner's name, `tag` the guest's name for it (`host_` and the path's last word), `read_only` true if it is not said, `guest_user` the number of the guest's user to whom files of the person belong (1000)."
        ),
    ]
}
