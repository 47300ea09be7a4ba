/// The steps of a build, in order, with the share of its time that each takes.
///
/// The shares were measured with a quick mirror on two cores; they only make the bar run evenly.
enum BuildStep: String, CaseIterable, Sendable {
    case check = "Checking this host"
    case lists = "Fetching the package lists"
    case download = "Downloading packages"
    case base = "Installing the base system"
    case fetch = "Downloading the desktop's packages"
    case install = "Installing the desktop's packages"
    case kernel = "Adding the kernel"
    case configure = "Configuring the machine"
    case disk = "Writing the disk"
    case convert = "Converting the disk to qcow2"

    private var weight: Double {
        switch self {
        case .check: 1
        case .lists: 5
        case .download: 6
        case .base: 22
        case .fetch: 9
        case .install: 44
        case .kernel: 12
        case .configure: 5
        case .disk: 6
        case .convert: 6
        }
    }

    /// Progress when `part` (0...1) of this step is done.
    func progress(_ part: Double = 0, count: String? = nil) -> BuildProgress {
        let total = Self.allCases.reduce(0) { $0 + $1.weight }
        let before = Self.allCases.prefix { $0 != self }.reduce(0) { $0 + $1.weight }
        return BuildProgress(
            step: rawValue, count: count, fraction: (before + weight * min(max(part, 0), 1)) / total)
    }
}
