import ArgumentParser
import Catalogue
import Domain
import Foundation
import GuestNetwork
import Hypervisor
import Logging
import Machines
import Processes
import Queue
import Redis
import Settings

/// Looks at everything a host needs, one line each, with the way out where something is missing.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Check what this host needs, and say what to do.")

    @OptionGroup var common: CommonOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let settings = try common.settings()
        let examinations = await DoctorCheck.all(settings)
        if json {
            try Console.printJSON(examinations)
        } else {
            let width = examinations.map(\.subject.count).max() ?? 0
            for examination in examinations {
                let subject = examination.subject.padding(toLength: width, withPad: " ", startingAt: 0)
                Console.print("\(examination.verdict.sign)  \(subject)  \(examination.finding)")
            }
        }
        if examinations.contains(where: { $0.verdict == .broken }) {
            throw Failure(.failed, "Something is missing; the lines marked FAIL say what to do.")
        }
    }
}

/// One line of the doctor.
struct DoctorCheck: Encodable {
    enum Verdict: String, Encodable {
        case good, degraded, broken

        var sign: String {
            switch self {
            case .good: "ok  "
            case .degraded: "warn"
            case .broken: "FAIL"
            }
        }
    }

    var subject: String
    var verdict: Verdict
    var finding: String

    static func all(_ settings: Settings) async -> [DoctorCheck] {
        [
            signIn(settings), encryption(settings), displays(settings),
        ] + places(settings) + [
            program("QEMU", MachineHardware.Architecture.ofHost.emulator, MachineHardware.Architecture.ofHost.package),
            program("qemu-img", "qemu-img", "qemu-utils"), await accelerator(settings),
            program("bubblewrap", "bwrap", "bubblewrap"), program("passt", "passt", "passt"),
            program("nftables", "nft", "nftables"), await guests(settings), folders(settings), limits(), sharedMemory(),
            noVNC(settings),
            await redis(settings), await farm(settings), disk(settings), machines(settings),
        ] + windows(settings)
    }

    /// What keys name: files, programs, directories, ports.
    private static func places(_ settings: Settings) -> [DoctorCheck] {
        let problems = settings.placeProblems + (service(settings) ? [] : settings.portProblems)
        if problems.isEmpty {
            return [DoctorCheck(subject: "places", verdict: .good, finding: "what the configuration names is there")]
        }
        return problems.map { DoctorCheck(subject: $0.key, verdict: .broken, finding: $0.text) }
    }

    /// Whether a service of this configuration runs, which has its ports then.
    private static func service(_ settings: Settings) -> Bool {
        ["\(settings.runtimeDir)/up.lock", "\(settings.runtimeDir)/worker.lock"].contains { DirectoryLock.isHeld($0) }
    }

    static func signIn(_ settings: Settings) -> DoctorCheck {
        if settings.auth.methods.isEmpty {
            return DoctorCheck(
                subject: "sign-in", verdict: .degraded,
                finding: "auth.methods is empty: a frontend would not start here; workers and schedulers need none")
        }
        if let problem = settings.signInProblem {
            return DoctorCheck(subject: "sign-in", verdict: .broken, finding: problem)
        }
        let open = settings.auth.methods == [.none]
        return DoctorCheck(
            subject: "sign-in", verdict: open ? .degraded : .good,
            finding: open
                ? "none: whoever reaches \(settings.frontend.listen) may start and stop sessions"
                : settings.auth.methods.map(\.rawValue).joined(separator: ", "))
    }

    /// Whether the browsers that reach the pages reach the displays too.
    static func displays(_ settings: Settings) -> DoctorCheck {
        let display = settings.display
        if settings.pagesAreSecure, !settings.displaysAreSecure {
            return DoctorCheck(
                subject: "displays", verdict: .broken,
                finding: "the pages have TLS and this host's displays have none, so browsers open none of them; set "
                    + "display.public_url to an https address that a proxy passes on to \(display.listen), or set "
                    + "tls.certificate and tls.key (a host without worker needs neither)")
        }
        let isLocal = settings.frontend.listen.isLoopback && settings.frontend.publicURL == nil
        let isNowhere = display.listen.isLoopback || ["0.0.0.0", "::"].contains(display.listen.host)
        if display.publicURL == nil, !isLocal, isNowhere {
            return DoctorCheck(
                subject: "displays", verdict: .degraded,
                finding: "the link to a display leads to \(display.listen), which is nobody's but this host's; set "
                    + "display.public_url, or display.listen to an address of this host")
        }
        return DoctorCheck(
            subject: "displays", verdict: .good, finding: "opened at \(display.publicURL ?? "\(display.listen)")")
    }

    /// Passwords and desktops that cross a network in clear.
    private static func encryption(_ settings: Settings) -> DoctorCheck {
        let open = [settings.frontend.listen, settings.display.listen].filter { !$0.isLoopback }
        if let certificate = settings.tls.certificate {
            let isThere = access(certificate, R_OK) == 0
            return DoctorCheck(
                subject: "TLS", verdict: isThere ? .good : .broken,
                finding: isThere ? certificate : "\(certificate) can't be read")
        }
        if open.isEmpty {
            return DoctorCheck(subject: "TLS", verdict: .good, finding: "none, and none is needed on loopback")
        }
        return DoctorCheck(
            subject: "TLS", verdict: .degraded,
            finding:
                "none, but others reach \(open.map(\.description).joined(separator: " and ")): passwords and desktops "
                + "cross the network in clear; set tls.certificate and tls.key, or listen on loopback behind a proxy with TLS"
        )
    }

    private static func program(_ subject: String, _ name: String, _ package: String) -> DoctorCheck {
        if let path = Programs.find(name) { return DoctorCheck(subject: subject, verdict: .good, finding: path) }
        return DoctorCheck(
            subject: subject, verdict: .broken, finding: "not installed; install it: apt-get install \(package)")
    }

    /// Whether guests can have folders, and how many that are configured are here.
    private static func folders(_ settings: Settings) -> DoctorCheck {
        let missing = settings.mounts.map(\.path).filter {
            !$0.contains(HostFolder.userSymbol) && !Files.isDirectory($0)
        }
        if settings.mounts.isEmpty, settings.exchange.bytes == nil {
            return DoctorCheck(subject: "folders", verdict: .good, finding: "none are configured")
        }
        if let problem = SharedFolder.hostProblem {
            return DoctorCheck(
                subject: "folders", verdict: .degraded, finding: "guests get none, nor an exchange folder: \(problem)")
        }
        return missing.isEmpty
            ? DoctorCheck(subject: "folders", verdict: .good, finding: "guests can have those that are configured")
            : DoctorCheck(
                subject: "folders", verdict: .degraded,
                finding:
                    "mounts names what is not here: \(missing.joined(separator: ", ")); make it, or leave it to other hosts"
            )
    }

    private static func accelerator(_ settings: Settings) async -> DoctorCheck {
        do {
            let choice = AcceleratorChoice(rawValue: settings.worker.accelerator.rawValue) ?? .auto
            let report = try await AcceleratorProbe(
                cache: "\(settings.stateDir)/accelerator.json",
                logger: Logger(label: "qwd") { _ in SwiftLogNoOpLogHandler() }
            ).run(choice)
            return report.accelerator == .kvm
                ? DoctorCheck(subject: "KVM", verdict: .good, finding: "runs guests")
                : DoctorCheck(
                    subject: "KVM", verdict: .degraded,
                    finding: "not used (\(report.reason)); machines run by software (TCG), which is much slower")
        } catch {
            return DoctorCheck(subject: "KVM", verdict: .broken, finding: "\(error)")
        }
    }

    /// Whether a guest can use up this host.
    private static func limits() -> DoctorCheck {
        let controllers = ControlGroupParents(divides: false).controllers
        if controllers.isEmpty {
            return DoctorCheck(
                subject: "limits", verdict: .degraded,
                finding:
                    "none that this command can see: a machine may use as much memory and as many processors as any "
                    + "program. Where systemd starts the worker, \(ControlGroupParents.machines) beside it holds a group that it may divide"
            )
        }
        return DoctorCheck(
            subject: "limits", verdict: .good, finding: "\(controllers.joined(separator: ", ")) by control group")
    }

    /// Whether Linux keeps equal pages of guests once (ksm). Both have their price, so neither is wrong.
    private static func sharedMemory() -> DoctorCheck {
        let place = "/sys/kernel/mm/ksm"
        func number(_ name: String) -> Int { Int((Files.read("\(place)/\(name)") ?? "").filter(\.isNumber)) ?? 0 }
        let finding =
            if Files.read("\(place)/run") == nil {
                "this kernel has none (ksm)"
            } else if number("run") == 1 {
                "equal pages of guests are kept once: \(number("pages_sharing") * 4096 >> 20) MiB saved. A guest can find out by "
                    + "time what pages others have: echo 0 > \(place)/run where guests are strangers to each other"
            } else {
                "every guest has its own. Many sessions of one machine take less memory with ksm, for processor time and "
                    + "some secrecy between guests: echo 1 > \(place)/run"
            }
        return DoctorCheck(subject: "shared memory", verdict: .good, finding: finding)
    }

    /// Whether a guest can reach this host.
    private static func guests(_ settings: Settings) async -> DoctorCheck {
        let roles = Roles(settings: settings, logger: Logger(label: "qwd") { _ in SwiftLogNoOpLogHandler() })
        let subject = "guests' network"
        let outcome: IsolationCheck.Outcome
        do {
            // A network of its own where no worker keeps one now.
            let paths = HostPaths(runtime: settings.runtimeDir, state: settings.stateDir)
            outcome = try await IsolationCheck.run(
                paths: paths, options: roles.guestNetwork, users: roles.users, logger: roles.logger)
        } catch {
            return DoctorCheck(subject: subject, verdict: .broken, finding: "\(error)")
        }
        if let why = outcome.offline {
            return DoctorCheck(subject: subject, verdict: .degraded, finding: "guests reach nothing: \(why)")
        }
        let open = outcome.ways.filter(\.isOpen).map(\.name)
        if open.isEmpty {
            let closed = "\(outcome.ways.count) ways to this host were tried, none is open; "
            return switch outcome.hasNames {
            case true?: DoctorCheck(subject: subject, verdict: .good, finding: closed + "names are answered")
            case false?:
                DoctorCheck(
                    subject: subject, verdict: .degraded,
                    finding: closed + "but names are not answered; look at \(Resolver.file)")
            case nil:
                DoctorCheck(
                    subject: subject, verdict: .degraded,
                    finding: closed + "but there is no name server in \(Resolver.file)")
            }
        }
        let isWanted = settings.network.isolation == .none
        return DoctorCheck(
            subject: subject, verdict: isWanted ? .degraded : .broken,
            finding: "a guest reaches this host: \(open.prefix(6).joined(separator: ", "))"
                + (open.count > 6 ? " and by \(open.count - 6) more ways" : "")
                + (isWanted ? "; network.isolation is none" : ""))
    }

    private static func noVNC(_ settings: Settings) -> DoctorCheck {
        let page = "\(settings.display.noVNC)/core/rfb.js"
        if FileManager.default.isReadableFile(atPath: page) {
            return DoctorCheck(subject: "noVNC", verdict: .good, finding: page)
        }
        return DoctorCheck(
            subject: "noVNC", verdict: .broken,
            finding: "\(page) is missing; install it (apt-get install novnc) or set display.novnc")
    }

    private static func redis(_ settings: Settings) async -> DoctorCheck {
        do {
            let address = try Connection.address(settings)
            let client = RedisClient(address: address, logger: Logger(label: "qwd") { _ in SwiftLogNoOpLogHandler() })
            defer { Task { await client.close() } }
            try await JobQueue(redis: client).probe()
            return DoctorCheck(subject: "Redis", verdict: .good, finding: "answers and takes writes at \(address)")
        } catch let error as QueueError where (error.cause as? RedisError)?.code == .server {
            // It is there. What it says tells what to do.
            return DoctorCheck(subject: "Redis", verdict: .broken, finding: error.detail)
        } catch {
            if settings.redis.url == nil, let running = PrivateRedis.running(settings) {
                return DoctorCheck(
                    subject: "Redis", verdict: .broken,
                    finding: "the private one (process \(running.pid)) does not answer: \(error); its log is "
                        + "\(settings.stateDir)/redis/redis.log")
            }
            if settings.redis.url == nil, let path = Programs.find("redis-server") {
                return DoctorCheck(
                    subject: "Redis", verdict: .good, finding: "\(path); 'qwd up' starts a private one, none runs now")
            }
            let advice =
                settings.redis.url == nil
                ? "install it: apt-get install redis-server" : "start it or correct redis.url"
            return DoctorCheck(subject: "Redis", verdict: .broken, finding: "\(error); \(advice)")
        }
    }

    private static func disk(_ settings: Settings) -> DoctorCheck {
        var directory = settings.stateDir
        while !FileManager.default.fileExists(atPath: directory), directory != "/" {
            directory = (directory as NSString).deletingLastPathComponent
        }
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: directory)
        let free = (attributes?[.systemFreeSize] as? NSNumber)?.int64Value ?? 0
        let gibibytes = Double(free) / Double(1 << 30)
        let text = "\(String(format: "%.1f", gibibytes)) GiB free for overlays in \(settings.stateDir)"
        return DoctorCheck(
            subject: "disk", verdict: gibibytes < 2 ? .degraded : .good,
            finding: gibibytes < 2 ? text + "; free some or move state_dir" : text)
    }

    /// Whether boot scripts can be put into the machines that are to have them so; nothing where there is none with a Windows.
    private static func windows(_ settings: Settings) -> [DoctorCheck] {
        let names = catalogue(settings).machines.filter { $0.system == .windows && $0.inject == .firstboot }.map(\.name)
        if names.isEmpty { return [] }
        let problem = WindowsService.problem()
        return [
            DoctorCheck(
                subject: "Windows scripts", verdict: problem == nil ? .good : .degraded,
                finding: "\(names.joined(separator: ", ")): \(problem ?? "boot scripts can be put into them")")
        ]
    }

    private static func catalogue(_ settings: Settings) -> Catalogue {
        Catalogue.load(files: settings.machines.catalogue, directory: settings.machines.directory)
    }

    private static func machines(_ settings: Settings) -> DoctorCheck {
        let catalogue = catalogue(settings)
        if let warning = catalogue.warnings.first {
            return DoctorCheck(subject: "machines", verdict: .degraded, finding: warning.description)
        }
        if catalogue.machines.isEmpty {
            return DoctorCheck(
                subject: "machines", verdict: .degraded,
                finding: "none in \(settings.machines.directory); make one: qwd machine build debian-desktop")
        }
        return DoctorCheck(
            subject: "machines", verdict: .good, finding: catalogue.machines.map(\.name).joined(separator: ", "))
    }
}
