import Dispatch
import Domain
import Machines
import Processes

/// What this worker said last about its host.
actor HostReport {
    /// The machines of the host: those that forms show, and the names of those that can be asked for besides.
    struct Offer: Sendable, Hashable {
        var machines: [MachineDescription]
        var unlisted: [String]
    }

    private var meter = HostMeter()
    /// Directory whose file system takes the overlays.
    private nonisolated let disk: String
    private var offered: Offer?
    private var warned: Set<String> = []

    init(disk: String) {
        self.disk = disk
    }

    /// Looks at the disk, on a thread of its own because it may hang. Returns when it is known, or when it was waited for long
    /// enough: then the last that was known counts.
    func lookAtDisk(within limit: Duration) async {
        let (found, report) = AsyncStream.makeStream(of: (total: Int, free: Int).self)
        DispatchQueue.global().async { [disk] in
            report.yield(Files.space(of: disk) ?? (0, 0))
            report.finish()
        }
        let space = await withTaskGroup(of: (total: Int, free: Int)?.self) { group in
            group.addTask {
                for await space in found { return space }; return nil
            }
            group.addTask {
                try? await Task.sleep(for: limit); return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        if let space { meter.note(space: space) }
    }

    /// Size and free space of the disk in bytes, as it was last seen; zeros before it was.
    var space: (total: Int, free: Int) { meter.space }

    func status(
        options: WorkerOptions, accelerator: String, displayURL: String, problem: String?, graphicsCards: Int
    ) -> HostStatus {
        meter.read(
            options: options, accelerator: accelerator, displayURL: displayURL, notice: problem ?? "",
            hasProblem: problem != nil, graphicsCards: graphicsCards)
    }

    /// Whether this differs from what was offered last.
    func hasChanged(_ offer: Offer) -> Bool { offer != offered }

    func offered(_ offer: Offer) { offered = offer }

    /// The warnings among these that were not given before.
    func newWarnings(_ warnings: [String]) -> [String] {
        defer { warned = Set(warnings) }
        return warnings.filter { !warned.contains($0) }
    }
}
