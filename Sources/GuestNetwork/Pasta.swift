import Glibc
import Machines
import Processes

/// The program that connects the guests' network namespace with the outside, by ordinary sockets of this host (passt(1)).
enum Pasta {
    private static let program = "pasta"
    private static let device = "/dev/net/tun"

    static func program(
        joining holder: ProcessHandle, _ resolver: Resolver, account: Account?, descriptors: Int, paths: HostPaths
    ) throws(MachineError) -> Program {
        guard access(device, F_OK) == 0 else {
            throw MachineError(.network, "There is no \(device), so guests can't have a network. Load it: modprobe tun")
        }
        // Root makes a node of its own for the account, see below.
        guard account != nil || access(device, R_OK | W_OK) == 0 else {
            throw MachineError(
                .network,
                "This user can't open \(device), so guests can't have a network. Let everybody, as Debian does (chmod 0666 "
                    + "\(device), and a rule for udev), or run qwd as root.")
        }
        var program = Program(
            program,
            [
                "--config-net", "--no-map-gw", "-t", "none", "-u", "none", "-T", "none", "-U", "none", "--foreground",
                "--quiet",
            ]
                + resolver.forwarded.flatMap { ["--dns-forward", $0] } + ["\(holder.pid)"], package: "passt")
        program.descriptors = descriptors
        guard let account else { return program }
        program.account = account
        // It joins the holder's user namespace, which it could not from one of its own: so it is shut in by its account and
        // its view of the files. Then it shuts itself in further.
        var sandbox = Sandbox()
        sandbox.sharesNetwork = true
        sandbox.processes = .all
        sandbox.joinsNamespaces = true
        sandbox.directories = ["/tmp"]
        sandbox.readOnly = [Sandbox.Mount(Resolver.file)]
        sandbox.devices = [try MachineError.translating { () throws(ProcessError) in try tunnel(for: account, paths) }]
        program.sandbox = sandbox
        return program
    }

    /// The device as this account may use it. On Debian everybody may; elsewhere it gets a node of its own.
    private static func tunnel(for account: Account, _ paths: HostPaths) throws(ProcessError) -> Sandbox.Mount {
        var information = stat()
        guard stat(device, &information) == 0 else {
            throw ProcessError(.system, "Can't look at \(device): \(String(cString: strerror(errno)))")
        }
        if information.st_mode & 0o006 == 0o006 { return Sandbox.Mount(device) }
        let node = "\(paths.network)/tun"
        unlink(node)
        guard mknod(node, S_IFCHR | 0o600, information.st_rdev) == 0 else {
            throw ProcessError(.system, "Can't make the device \(node): \(String(cString: strerror(errno)))")
        }
        try account.own(node, mode: 0o600)
        return Sandbox.Mount(node, at: device)
    }

    /// Returns when the namespace has a way out.
    static func waitUntilUp(
        _ carrier: ProcessHandle, in holder: ProcessHandle, log: String
    ) async throws(ProcessError) {
        let deadline = ContinuousClock.now + .seconds(10)
        while !isUp(holder) {
            guard !carrier.isGone, ContinuousClock.now < deadline else {
                let words = Files.readEnd(log)?.split(separator: "\n").filter { !$0.contains("syslog") }.last ?? ""
                throw ProcessError(.system, "\(program) can't connect the guests' network: \(words)")
            }
            // pasta does not tell when it is ready.
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Whether the namespace has a device besides its loopback (proc(5), /proc/PID/net/dev).
    private static func isUp(_ holder: ProcessHandle) -> Bool {
        let routes = ["route", "ipv6_route"].map { Files.read("/proc/\(holder.pid)/net/\($0)") ?? "" }
        let outward = routes[0].split(separator: "\n").dropFirst().contains {
            $0.split(separator: "\t").dropFirst().first == "00000000"
        }
        return outward
            || routes[1].split(separator: "\n").contains {
                $0.hasPrefix("00000000000000000000000000000000 00") && !$0.hasSuffix(" lo")
            }
    }
}
