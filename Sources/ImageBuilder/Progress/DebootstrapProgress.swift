/// Follows mmdebstrap by what it and apt and dpkg say, line by line.
///
/// mmdebstrap runs apt twice: for the base system and for everything else. Both times apt first counts the packages, then
/// names each one as it is downloaded, unpacked and set up.
struct DebootstrapProgress {
    private var isBase = true
    private var total = 0
    private var downloaded = 0
    private var unpacked = 0
    private var setUp = 0

    /// - Returns: The progress that a line means, nil for a line that means none.
    mutating func read(_ line: some StringProtocol) -> BuildProgress? {
        if line.hasPrefix("I: ") { return readPhase(line.dropFirst(3)) }
        if let packages = Self.newlyInstalled(line) {
            total = packages
            (downloaded, unpacked, setUp) = (0, 0, 0)
            return nil
        }
        guard total > 0 else { return nil }
        if line.hasPrefix("Get:") {
            downloaded = min(downloaded + 1, total)
            return progress(isBase ? .download : .fetch, downloaded)
        }
        if line.hasPrefix("Unpacking ") {
            unpacked = min(unpacked + 1, total)
            return installed
        }
        if line.hasPrefix("Setting up ") {
            setUp = min(setUp + 1, total)
            return installed
        }
        return nil
    }

    private mutating func readPhase(_ phase: some StringProtocol) -> BuildProgress? {
        if phase.hasPrefix("running apt-get update") { return BuildStep.lists.progress() }
        if phase.hasPrefix("downloading packages") { return BuildStep.download.progress() }
        if phase.hasPrefix("extracting archives") { return BuildStep.base.progress() }
        if phase.hasPrefix("installing remaining packages") {
            isBase = false
            return BuildStep.fetch.progress()
        }
        return nil
    }

    /// dpkg unpacks and sets up in turns: a package counts half when it is unpacked.
    private var installed: BuildProgress {
        (isBase ? BuildStep.base : .install)
            .progress(Double(unpacked + setUp) / Double(2 * total), count: "\(setUp) of \(total)")
    }

    private func progress(_ step: BuildStep, _ done: Int) -> BuildProgress {
        step.progress(Double(done) / Double(total), count: "\(done) of \(total)")
    }

    /// The number in apt's "0 upgraded, 69 newly installed, 0 to remove and 0 not upgraded."
    private static func newlyInstalled(_ line: some StringProtocol) -> Int? {
        let words = line.split(separator: " ")
        guard let index = words.firstIndex(of: "newly"), index > 0, words.dropFirst(index + 1).first == "installed,"
        else {
            return nil
        }
        return Int(words[index - 1])
    }
}
