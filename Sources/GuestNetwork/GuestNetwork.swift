package import Domain
import Glibc
package import Logging
package import Machines
package import Processes

/// The network of all guests of this host: a network namespace in which nothing listens, with a filter of its own, and one
/// pasta that carries its packets out by ordinary connections. Each session's passt runs in it.
///
/// Both are processes of their own that outlive us, so a worker's restart cuts no guest's connections. The namespace lives as
/// long as its holder, a process that does nothing. (A name in /run/netns would be lost with a unit's private mounts.)
package actor GuestNetwork {
    package struct Options: Sendable {
        /// Whether guests have a network namespace. False: each passt opens its connections as any program of this host, so
        /// its guest reaches what listens here.
        package var isIsolated = true
        package var deny: [IPNetwork] = []
        package var allow: [IPNetwork] = []
        /// How many sessions may run on this host at a time: they share what pasta can carry.
        package var sessions = 64
        /// What each session may send and receive; nil: as much as there is.
        package var rate: NetworkRate?
        /// Descriptors of pasta.
        var descriptors = DescriptorLimit.reachable(NetworkShare.mostDescriptors)

        package init() {}
    }

    private static let noWayOut = "this host has no default route (ip route add default via ADDRESS)"
    package nonisolated let options: Options
    let paths: HostPaths
    /// Who holds the network, where we are root.
    let users: UserRange?
    let logger: Logger
    /// Why there is no such network, in words for an administrator: then no machine may run.
    package private(set) var problem: String? = settingUp
    private static let settingUp = "The guests' network is being set up."
    /// Why guests reach nothing, though their network is there: this host reaches nothing either.
    package private(set) var offline: String?
    private var holder: ProcessHandle?
    /// Opens when it was tried once.
    private nonisolated let tried = Latch()
    private(set) var filter: NetworkFilter?
    package private(set) var resolvers: [String] = []

    package init(paths: HostPaths, options: Options, users: UserRange?, logger: Logger) {
        self.paths = paths
        self.options = options
        self.users = users
        self.logger = logger
        if !options.isIsolated { problem = nil }
    }

    /// The namespace that a session's passt enters, or nil where guests are not isolated.
    package func namespace() throws(MachineError) -> ProcessHandle? {
        guard options.isIsolated else { return nil }
        if let holder, !holder.isGone, problem == nil { return holder }
        throw MachineError(.network, problem ?? "The guests' network has ended and is being set up again.")
    }

    /// Keeps the network up and its filter true until cancelled. While it can't be, `problem` says why.
    package func run() async {
        defer { tried.open() }
        guard options.isIsolated else { return }
        while !Task.isCancelled {
            do {
                try await keepUp()
            } catch {
                if Task.isCancelled { return }
                defer { tried.open() }
                if problem != error.detail { logger.error("no network for guests", metadata: ["error": "\(error)"]) }
                problem = error.detail
                // There is no event for a program that is installed or a right that is given: look again now and then.
                try? await Task.sleep(for: .seconds(2))
            }
        }
    }

    /// Sets the network up, or takes over what an earlier worker has set up, and returns when something has changed.
    private func keepUp() async throws(MachineError) {
        let changes = try MachineError.translating { () throws(ProcessError) in try RouteChanges() }
        let holder = try await adoptOrHold()
        // What comes in place of one that has ended has no routes and no filter yet: nobody may use it.
        if let known = self.holder, known.pid != holder.pid { problem = Self.settingUp }
        self.holder = holder
        let routes = try MachineError.translating { () throws(ProcessError) in try HostRoutes.read() }
        let resolver = Resolver.read()
        if filter == nil { try await routeSources(in: holder) }
        try await apply(
            NetworkFilter(
                share: NetworkShare(
                    descriptors: options.descriptors, sessions: options.sessions, byUser: users != nil),
                deny: options.deny, allow: options.allow, own: routes.own, resolvers: resolver.forwarded), in: holder)
        resolvers = resolver.forGuests(notAmong: routes.own)
        offline = routes.hasDefault ? nil : Self.noWayOut
        guard routes.hasDefault else {
            problem = nil
            tried.open()
            await changes.next(or: [holder])
            return
        }
        let carrier = try await adoptOrConnect(holder, resolver)
        if problem != nil {
            logger.notice("guests have a network of their own", metadata: ["holder.pid": "\(holder.pid)"])
        }
        problem = nil
        tried.open()
        await changes.next(or: [holder, carrier])
    }

    /// Whether a worker's network is there already.
    static func isThere(_ paths: HostPaths) -> Bool { holder(paths) != nil }

    private static func holder(_ paths: HostPaths) -> ProcessHandle? {
        ProcessHandle(pidFile: paths.networkHolder, mark: "sleep infinity")
    }

    /// Returns when it is known whether there is a network.
    package nonisolated func settled() async { await tried.wait() }

    /// Ends the network, which no guest needs any more.
    package func end() async {
        if options.isIsolated { Self.end(paths) }
    }

    static func end(_ paths: HostPaths) {
        let carrier = ProcessHandle(pidFile: paths.pastaPID, mark: "pasta")
        for process in [carrier, holder(paths)].compactMap({ $0 }) { process.signal(SIGKILL) }
        Files.remove(paths.network)
    }

    /// Takes what a worker keeps as it is, for a guest that is tried out: nothing is changed.
    func joined() throws(MachineError) {
        holder = Self.holder(paths)
        problem = holder == nil ? "The guests' network has ended." : nil
        let routes = try MachineError.translating { () throws(ProcessError) in try HostRoutes.read() }
        resolvers = Resolver.read().forGuests(notAmong: routes.own)
        offline = routes.hasDefault ? nil : Self.noWayOut
    }

    /// Makes the sessions' addresses local in the namespace. Without IPv6 the second has no meaning, and fails.
    private func routeSources(in holder: ProcessHandle) async throws(MachineError) {
        for (place, network) in SourceAddress.networks.enumerated() {
            var ip = Program("ip", ["route", "replace", "local", network, "dev", "lo"], package: "iproute2")
            ip.network = holder
            let program = ip
            let result = try await MachineError.translating { () async throws(ProcessError) in
                try await ForegroundProcess.run(program, limit: .seconds(10))
            }
            if !result.isSuccess, place == 0 {
                throw MachineError(.network, "The guests' network can't be routed: \(result.message)")
            }
        }
        await SourceAddress.prepare(in: holder)
    }

    private func apply(_ new: NetworkFilter, in holder: ProcessHandle) async throws(MachineError) {
        guard filter != new else { return }
        var nft = Program("nft", ["-f", "-"], package: "nftables")
        nft.network = holder
        let program = nft
        let result = try await MachineError.translating { () async throws(ProcessError) in
            try await ForegroundProcess.run(program, input: new.rules, limit: .seconds(10))
        }
        guard result.isSuccess else {
            throw MachineError(.network, "The guests' network can't be filtered: \(result.message)")
        }
        // The files are there since the filter is.
        if filter == nil { try await rememberConnections(in: holder) }
        filter = new
    }

    /// Only a program in the namespace sees its settings.
    private func rememberConnections(in holder: ProcessHandle) async throws(MachineError) {
        for (files, seconds) in ConnectionTracking.times {
            var tee = Program("tee", files, package: "coreutils")
            tee.network = holder
            let program = tee
            let result = try await MachineError.translating { () async throws(ProcessError) in
                try await ForegroundProcess.run(program, input: "\(seconds)", limit: .seconds(10))
            }
            guard result.isSuccess else {
                throw MachineError(.network, "The guests' connections can't be counted: \(result.message)")
            }
        }
    }
}

extension GuestNetwork {
    /// A process without a purpose whose namespaces are the guests' network.
    private func adoptOrHold() async throws(MachineError) -> ProcessHandle {
        let setup = users.map { "\($0.first)-\($0.last)" } ?? "\(geteuid())"
        if let holder = Self.holder(paths) {
            if Files.read(paths.networkSetup) == setup { return holder }
            logger.notice("other users than before, guests get a new network")
            _ = await holder.kill()
        }
        filter = nil
        return try await MachineError.translating { () async throws(ProcessError) in
            try Files.makeDirectory(paths.network)
            var program = Program("unshare", ["--user", "--net"], package: "util-linux")
            // Not root may map one user: itself. Root maps all users of sessions, so that the filter can tell these apart.
            if users == nil { program.arguments.append("--map-root-user") }
            program.arguments += ["sleep", "infinity"]
            program.account = users?.network
            let holder = try await DetachedProcess.start(program, log: paths.networkLog)
            do throws(ProcessError) {
                try await enterNamespaces(holder)
                if let users { try users.map(of: holder) }
                try Files.write(setup, to: paths.networkSetup)
                try holder.record(in: paths.networkHolder)
            } catch {
                _ = await holder.kill()
                throw error
            }
            return holder
        }
    }

    /// Returns when the process is in namespaces of its own and has its last name.
    private func enterNamespaces(_ holder: ProcessHandle) async throws(ProcessError) {
        let ours = Files.target(of: "/proc/self/ns/net")
        let deadline = ContinuousClock.now + .seconds(5)
        while Files.target(of: "/proc/\(holder.pid)/ns/net") == ours
            || Files.read("/proc/\(holder.pid)/cmdline")?.hasPrefix("sleep") != true
        {
            guard !holder.isGone, ContinuousClock.now < deadline else {
                let words = Files.readEnd(paths.networkLog)?.split(separator: "\n").last.map(String.init) ?? ""
                throw ProcessError(
                    .system,
                    "A network namespace for guests can't be made: \(words) This host must allow user namespaces "
                        + "(sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone), or set network.isolation: "
                        + "none, with which guests reach what listens on this host.")
            }
            // Nothing tells when another program has entered its namespaces; it takes a millisecond.
            try? await Task.sleep(for: .milliseconds(1))
        }
    }

    /// The pasta that carries the namespace's packets.
    private func adoptOrConnect(_ holder: ProcessHandle, _ resolver: Resolver) async throws(MachineError)
        -> ProcessHandle
    {
        let setup = "\(holder.pid) \(resolver) \(options.descriptors)"
        if let carrier = ProcessHandle(pidFile: paths.pastaPID, mark: "pasta") {
            if Files.read(paths.pastaSetup) == setup { return carrier }
            logger.notice("this host's resolver or its guests' network has changed, their connections begin anew")
            _ = await carrier.kill()
        }
        let program = try Pasta.program(
            joining: holder, resolver, account: users?.network, descriptors: options.descriptors, paths: paths)
        return try await MachineError.translating { () async throws(ProcessError) in
            Files.remove(paths.pastaLog)
            let carrier = try await DetachedProcess.start(program, log: paths.pastaLog)
            do throws(ProcessError) {
                try await Pasta.waitUntilUp(carrier, in: holder, log: paths.pastaLog)
                try Files.write(setup, to: paths.pastaSetup)
                try carrier.record(in: paths.pastaPID)
            } catch {
                _ = await carrier.kill()
                throw error
            }
            return carrier
        }
    }
}

extension UserRange {
    /// Lets the network's holder and all sessions have their numbers in the holder's user namespace (user_namespaces(7)).
    fileprivate func map(of holder: ProcessHandle) throws(ProcessError) {
        let lines = "0 \(first) 1\n\(first + 1) \(first + 1) \(last - first)\n"
        for file in ["uid_map", "gid_map"] {
            let path = "/proc/\(holder.pid)/\(file)"
            let number = open(path, O_WRONLY | O_CLOEXEC)
            let descriptor = Descriptor(number)
            // The kernel takes a map in one piece or not at all.
            guard number >= 0, write(descriptor.number, lines, lines.utf8.count) == lines.utf8.count else {
                throw ProcessError(.system, "Can't write \(path): \(String(cString: strerror(errno)))")
            }
        }
    }
}
