import Domain
import Machines

/// What this worker said last about its host.
actor HostReport {
    private var meter: HostMeter
    private var offered: [MachineDescription]?
    private var warned: Set<String> = []

    init(disk: String) {
        meter = HostMeter(disk: disk)
    }

    func status(
        options: WorkerOptions, accelerator: String, displayURL: String, notice: String
    ) -> HostStatus {
        meter.read(options: options, accelerator: accelerator, displayURL: displayURL, notice: notice)
    }

    /// Whether these machines differ from those that were offered last.
    func isNews(_ machines: [MachineDescription]) -> Bool { machines != offered }

    func offered(_ machines: [MachineDescription]) { offered = machines }

    /// The warnings among these that were not given before.
    func unheard(_ warnings: [String]) -> [String] {
        defer { warned = Set(warnings) }
        return warnings.filter { !warned.contains($0) }
    }
}
