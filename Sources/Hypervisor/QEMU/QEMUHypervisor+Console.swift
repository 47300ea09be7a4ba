import Catalogue
import Domain
import Machines
import Processes
import QMP

extension QEMUHypervisor {
    /// How long after its start a BIOS may find nothing to start from.
    private var firstMinute: Duration { .seconds(kind == .kvm ? 60 : 180) }
    /// Between two writings of the log, and two looks at what a BIOS has said.
    private static let pause = Duration.seconds(1)
    /// After each piece that was read. A socket takes some 300 messages, however short: a guest that writes without end waits for
    /// us, or what it writes is dropped, and not we for it.
    private static let breath = Duration.milliseconds(5)
    /// SeaBIOS' words when it has given up.
    private static let nothingToStart = "No bootable device."

    /// Keeps the last lines of a machine's serial console, and tells what they mean, as long as it lives.
    func followConsole(_ machine: LiveMachine) async {
        // A machine of an earlier version has none.
        guard let socket = try? UnixSocket.connect(to: machine.paths.console) else { return }
        let log = machine.console
        if machine.isAdopted { await log.load() }
        let (changes, changed) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await _ in changes {
                    log.write()
                    // Once a second is often enough for readers, however much a guest writes.
                    try? await Task.sleep(for: Self.pause)
                }
                log.write()
            }
            await read(socket, of: machine, into: log, changed: changed)
            changed.finish()
        }
    }

    private func read(
        _ socket: Descriptor, of machine: LiveMachine, into log: ConsoleLog, changed: AsyncStream<Void>.Continuation
    ) async {
        let hasScript = [machine.paths.bootScript, machine.paths.batchScript(1)].contains { Files.exists($0) }
        var reports = BootScriptReports()
        var wanted: String?
        if case .serial(let text)? = Readiness(waitedFor: machine.paths) { wanted = text }
        // It may have come while nobody listened but the file.
        if let text = wanted, log.has(text, since: 0) { isReady(machine) }
        while true {
            let piece = await socket.nextBytes()
            if piece.isEmpty { return }
            let since = log.append(piece)
            changed.yield()
            if hasScript { for result in reports.results(in: piece) { tellScript(result, of: machine) } }
            if let text = wanted, log.has(text, since: since) {
                wanted = nil
                isReady(machine)
            }
            guard (try? await Task.sleep(for: Self.breath)) != nil else { return }
        }
    }

    /// Tells once of each, however often and by however many ways the guest says it.
    func tellScript(_ result: BootScriptResult, of machine: LiveMachine) {
        guard machines[machine.session]?.fence == machine.fence,
            machines[machine.session]?.toldScripts.insert(result.number).inserted == true
        else { return }
        emit(.script(machine.session, fence: machine.fence, result))
    }

    /// Reads what the BIOS of a new machine says, as long as it may find that there is nothing to start from. QEMU keeps it in a
    /// buffer of its own, so that no guest ever waits for us; nothing tells when there is more.
    func followFirmware(_ machine: LiveMachine) async {
        await machine.switchedOn.wait()
        let end = ContinuousClock.now + firstMinute
        while ContinuousClock.now < end, machines[machine.session]?.fence == machine.fence {
            guard (try? await Task.sleep(for: Self.pause)) != nil,
                let words = try? await machine.qmp.execute(RingBufferRead(device: "firmware", size: 65_536)).text
            else { return }
            if words.isEmpty { continue }
            _ = machine.console.append(Array(words.utf8), isFirmware: true)
            machine.console.write()
            guard words.contains(Self.nothingToStart) else { continue }
            return ended(
                machine, .failed,
                "Its disk has nothing that this machine can start from. The administrator may give it another firmware or "
                    + "disk_bus in machines.conf.")
        }
    }
}
