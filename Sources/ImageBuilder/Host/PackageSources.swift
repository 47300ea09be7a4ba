/// The Debian package sources of this host, for the new system.
struct PackageSources: Sendable, Hashable {
    /// Debian's name of the release, such as `bookworm`.
    var release: String
    /// Lines of a sources.list.
    var lines: [String]

    /// What `apt-get indextargets` is asked to print for each source.
    static let format = "$(ORIGIN)|$(CODENAME)|$(RELEASE)|$(REPO_URI)|$(COMPONENT)"

    /// Chooses the release that the host itself runs, with its updates and security updates. Sources of other publishers
    /// and of other releases stay out.
    /// - Parameters:
    ///   - targets: Output of `apt-get indextargets`.
    ///   - release: `VERSION_CODENAME` of /etc/os-release.
    init(targets: String, release: String) throws(ImageBuildError) {
        let codenames = [release, "\(release)-updates", "\(release)-security"]
        var lines: [String] = []
        var publishers: Set<String> = []
        var isUnknown = false
        for target in targets.split(separator: "\n") {
            let fields = target.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 5 else { continue }
            // apt leaves a field that it does not know as it was written.
            if fields[0].isEmpty || fields[0].hasPrefix("$(") {
                isUnknown = true
                continue
            }
            publishers.insert("\(fields[0]) \(fields[1])")
            guard fields[0] == "Debian", codenames.contains(fields[1]), fields[4] == "main" else { continue }
            let line = "deb \(fields[3]) \(fields[2]) \(fields[4])"
            if !lines.contains(line) { lines.append(line) }
        }
        self.release = release
        self.lines = lines
        guard !lines.isEmpty else {
            let found = publishers.isEmpty ? "none" : publishers.sorted().joined(separator: ", ")
            throw ImageBuildError(
                .noSources, step: BuildStep.check.rawValue,
                detail: "no package source of Debian \(release) on this host (found: \(found))",
                advice: isUnknown || publishers.isEmpty
                    ? "Fetch the package lists first: apt-get update"
                    : "The build runs on Debian; add its sources to apt.")
        }
    }

    /// The value of a key in /etc/os-release.
    static func value(_ key: String, inRelease text: String) -> String? {
        for line in text.split(separator: "\n") where line.hasPrefix(key + "=") {
            return line.dropFirst(key.count + 1).filter { $0 != "\"" }
        }
        return nil
    }

    /// Proxy settings of the host's apt, as configuration lines for the new system's apt.
    /// - Parameter dump: Output of `apt-config dump`.
    static func proxies(inConfiguration dump: String) -> [String] {
        dump.split(separator: "\n").map(String.init).filter { line in
            let key = line.prefix { $0 != " " }
            return key.hasPrefix("Acquire::http") && key.contains("::Proxy") && !line.hasSuffix(" \"\";")
        }
    }
}
