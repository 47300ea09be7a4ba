import Catalogue
import Domain
import Foundation
import Glibc
import GuestNetwork
import Hypervisor
import Machines
import Processes
import Viewer

/// What it costs to shut guests in: at the start, for a download, in memory. Turn by turn, with and without.
enum IsolationBenchmark {
    private static let turns = 9

    static func run(_ workspace: Workspace) async throws {
        try await starts(workspace)
        try await confinement(workspace)
        try await downloads(workspace)
    }

    /// From the click to the first frame with the guests' own network, and without it.
    private static func starts(_ workspace: Workspace) async throws {
        let own = try await Service.start(workspace, settings: ["worker.stop_grace=0s"])
        let shared = try await Service.start(
            workspace, settings: ["worker.stop_grace=0s", "network.isolation=none", "worker.users=300000-300999"],
            beside: "-none")
        var (with, without) = (Samples(), Samples())
        for turn in 0...turns {
            let first = try await ClickBenchmark.click(SessionClient(own)).frame
            let second = try await ClickBenchmark.click(SessionClient(shared)).frame
            if turn == 0 { continue }
            with.add(first.milliseconds)
            without.add(second.milliseconds)
        }
        Figure.print("click_with_own_network", with.median, "ms", note: "\(turns) turns, \(with.range)")
        Figure.print("click_without", without.median, "ms", note: "network.isolation none, \(without.range)")
        let holders = workspace.processes(with: "sleep infinity") + workspace.processes(with: "/pasta ")
        Figure.print(
            "memory_of_the_network", ProcessMeter.memory(holders).pssMB, "MB", note: "PSS, once a host")
        let session = try await SessionClient(own).create().id
        _ = try await SessionClient(own).waitForDisplay(session)
        let guards = workspace.processes(with: "guest=qwd-\(session)", guards: true).filter {
            ProcessMeter.commandLine($0).contains("bwrap")
        }
        Figure.print("memory_of_a_guard", ProcessMeter.memory(guards).pssMB, "MB", note: "bubblewrap, once a session")
        await own.stop()
        await shared.stop()
    }

    /// QEMU and qemu-img to their version, as they are and shut in.
    private static func confinement(_ workspace: Workspace) async throws {
        for (name, package) in [
            ("qemu-img", "qemu-utils"),
            (MachineHardware.Architecture.ofHost.emulator, MachineHardware.Architecture.ofHost.package),
        ] {
            var (free, confined) = (Samples(), Samples())
            var program = Program(name, ["--version"], package: package)
            for turn in 0...turns {
                program.sandbox = nil
                program.account = nil
                let plain = program
                let first = try await timed { try await ForegroundProcess.run(plain) }.time
                program.sandbox = Sandbox()
                if geteuid() == 0 { program.account = Account(userID: 300_999) }
                let shutIn = program
                let second = try await timed { try await ForegroundProcess.run(shutIn) }.time
                if turn == 0 { continue }
                free.add(first.milliseconds)
                confined.add(second.milliseconds)
            }
            Figure.print(
                "shutting_in_\(name)", confined.median - free.median, "ms",
                note: "\(Figure.text(free.median)) ms as it is, \(Figure.text(confined.median)) ms shut in")
        }
    }

    /// A guest's download from a server on another host, which a network namespace plays.
    private static func downloads(_ workspace: Workspace) async throws {
        guard geteuid() == 0 else { return Figure.print("download", .nan, "MB/s", note: "only root can make a host") }
        let other = try await OtherHost()
        do {
            try await measure(workspace)
        } catch {
            await other.end()
            throw error
        }
        await other.end()
    }

    private static func measure(_ workspace: Workspace) async throws {
        let rate = NetworkRate(
            megabits: 100, program: try Service.program())
        let users = UserRange(first: 301_000, last: 301_999)
        for (name, isIsolated, rate, bytes) in [
            ("download_without", false, nil, 1 << 30), ("download_with_own_network", true, nil, 1 << 30),
            ("download_at_100_mbit", true, rate, 1 << 26),
        ] {
            var options = GuestNetwork.Options()
            options.isIsolated = isIsolated
            options.rate = rate
            let place = try workspace.makeDirectory(name)
            let network = GuestNetwork(
                paths: HostPaths(runtime: place, state: place), options: options, users: users, logger: Service.silence)
            let keeper = Task { await network.run() }
            await network.settled()
            var rates = Samples()
            for _ in 0..<3 {
                let check = IsolationCheck(network: network, users: users)
                rates.add(
                    try await check.downloadRate(from: OtherHost.address, port: OtherHost.port, bytes: bytes) / 1e6)
            }
            keeper.cancel()
            await keeper.value
            await network.end()
            Figure.print(
                name, rates.median, "MB/s", note: "\(bytes >> 20) MiB by TCP, one core for each hop, \(rates.range)")
        }
    }
}
