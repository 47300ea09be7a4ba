import Domain
import Machines

/// What this worker said last about its host.
actor HostReport {
    /// The machines of the host: those that forms show, and the names of those that can be asked for besides.
    struct Offer: Sendable, Hashable {
        var machines: [MachineDescription]
        var unlisted: [String]
    }

    private var meter: HostMeter
    private var offered: Offer?
    private var warned: Set<String> = []

    init(disk: String) {
        meter = HostMeter(disk: disk)
    }

    func status(
        options: WorkerOptions, accelerator: String, displayURL: String, problem: String?
    ) -> HostStatus {
        meter.read(
            options: options, accelerator: accelerator, displayURL: displayURL, notice: problem ?? "",
            hasProblem: problem != nil)
    }

    /// Whether this differs from what was offered last.
    func isNews(_ offer: Offer) -> Bool { offer != offered }

    func offered(_ offer: Offer) { offered = offer }

    /// The warnings among these that were not given before.
    func unheard(_ warnings: [String]) -> [String] {
        defer { warned = Set(warnings) }
        return warnings.filter { !warned.contains($0) }
    }
}
