import Glibc

/// Room on the file systems that a build writes to.
struct DiskSpace: Sendable, Hashable {
    /// The file system's id; two directories with the same one share their room.
    var device: UInt
    var free: Int

    /// Measured: 1.6 GiB at the peak, when system, kernel package and raw disk are all there.
    static let workNeed = 2 << 30
    /// Measured: 0.4 GiB.
    static let outputNeed = 600 << 20

    init(device: UInt, free: Int) {
        self.device = device
        self.free = free
    }

    /// - Returns: Nil for a directory that is not there.
    init?(of directory: String) {
        var system = statvfs()
        var entry = stat()
        guard statvfs(directory, &system) == 0, stat(directory, &entry) == 0 else { return nil }
        device = UInt(entry.st_dev)
        free = Int(system.f_bavail) * Int(system.f_frsize)
    }

    /// - Returns: The error if there is too little room in one of the two directories.
    static func shortage(
        work: DiskSpace, in workDirectory: String, output: DiskSpace, in outputDirectory: String
    ) -> ImageBuildError? {
        let isShared = work.device == output.device
        let needs = [
            (workDirectory, work.free, workNeed + (isShared ? outputNeed : 0)),
            (outputDirectory, output.free, outputNeed),
        ]
        for (directory, free, need) in needs where free < need {
            return ImageBuildError(
                .noSpace, step: BuildStep.check.rawValue,
                detail: "\(directory) has \(mebibytes(free)) free, the build needs \(mebibytes(need))",
                advice: "Free some space or choose another directory.")
        }
        return nil
    }

    private static func mebibytes(_ bytes: Int) -> String { "\(bytes >> 20) MiB" }
}
