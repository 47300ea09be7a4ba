package import Domain

/// What an administrator decides about the web pages.
package struct FrontendOptions: Sendable {
    package var listenHost: String
    /// Zero lets the system choose.
    package var listenPort: Int
    /// Where people reach these pages, for example `https://desk.example.org/qwd`; empty follows each request's `Host`.
    package var publicURL: String
    /// Directory of noVNC's files.
    package var noVNC: String
    package var cpuChoices: [Int]
    package var memoryChoicesMiB: [Int]
    /// In seconds.
    package var lifetimeChoices: [Int]
    /// The machine that is chosen already; empty chooses the first one.
    package var defaultMachine: String
    package var defaultCPU: Int
    package var defaultMemoryMiB: Int
    package var defaultDiskGiB: Int
    package var defaultLifetimeSeconds: Int
    package var limits: Limits
    /// How long a host may be silent, halved, before the pages call it so.
    package var lease: Duration
    package var version: String
    /// Proxies that are believed what they say of whom they speak for.
    package var proxies: [IPNetwork]
    /// Whether this server itself speaks TLS.
    package var tls: Bool
    /// Clients that may read `/metrics` and the details of `/readyz`.
    package var monitoring: [IPNetwork]
    package var connections: ConnectionLimits
    /// How long an answer that is the same for everybody is kept, so that nobody can make it be computed more often.
    package var freshness: Duration

    /// Seconds for which the exchange folder of a session is there after its end.
    package var filesKept = 0
    /// Directories of the hosts that guests get.
    package var folders: [HostFolder] = []
    /// People and groups who may give a boot script of their own; `*` is everybody who is signed in.
    package var scriptsFromForm: [String] = []
    /// Whether people may give a password for boot scripts.
    package var asksScriptPassword = false
    /// Bytes of such a script.
    package var longestScript = 65_535

    package init(
        listenHost: String = "127.0.0.1", listenPort: Int = 8080, publicURL: String = "",
        noVNC: String = "/usr/share/novnc",
        cpuChoices: [Int] = [1, 2, 4], memoryChoicesMiB: [Int] = [1024, 2048, 4096],
        lifetimeChoices: [Int] = [43_200, 86_400, 172_800, 345_600], defaultMachine: String = "",
        defaultCPU: Int = 1, defaultMemoryMiB: Int = 4096, defaultDiskGiB: Int = 10,
        defaultLifetimeSeconds: Int = 345_600, limits: Limits = .none, lease: Duration = .seconds(30),
        version: String = "", proxies: [IPNetwork] = [],
        tls: Bool = false, monitoring: [IPNetwork] = ["127.0.0.0/8", "::1"].compactMap { IPNetwork($0) },
        connections: ConnectionLimits = ConnectionLimits(), freshness: Duration = .seconds(1)
    ) {
        self.listenHost = listenHost
        self.listenPort = listenPort
        self.publicURL = publicURL
        self.noVNC = noVNC
        self.cpuChoices = cpuChoices
        self.memoryChoicesMiB = memoryChoicesMiB
        self.lifetimeChoices = lifetimeChoices
        self.defaultMachine = defaultMachine
        self.defaultCPU = defaultCPU
        self.defaultMemoryMiB = defaultMemoryMiB
        self.defaultDiskGiB = defaultDiskGiB
        self.defaultLifetimeSeconds = defaultLifetimeSeconds
        self.limits = limits
        self.lease = lease
        self.version = version
        self.proxies = proxies
        self.tls = tls
        self.monitoring = monitoring
        self.connections = connections
        self.freshness = freshness
    }
}
