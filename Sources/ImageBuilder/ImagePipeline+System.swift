import FoundationEssentials
import Processes

/// The system in a directory.
extension ImagePipeline {
    /// Looks whether the build can succeed, and answers with where packages come from.
    func check() async throws -> PackageSources {
        let outputDirectory = Self.directory(of: output)
        guard let work = DiskSpace(of: directory.path), let place = DiskSpace(of: outputDirectory) else {
            throw ImageBuildError(
                .notAllowed, step: step.rawValue, detail: "\(outputDirectory) is not there", advice: "Make it first.")
        }
        if let shortage = DiskSpace.shortage(work: work, in: directory.path, output: place, in: outputDirectory) {
            throw shortage
        }
        do {
            try await tools.run("true", [])
        } catch let failure as CommandRunner.Failure {
            throw ImageBuildError(
                .notAllowed, step: step.rawValue, detail: failure.tail.last ?? "namespaces can't be made",
                advice: tools.enclosure.advice)
        }
        try await directory.empty(with: tools)
        let system = Files.read("/etc/os-release") ?? ""
        return try PackageSources(
            targets: try await tools.output(
                "apt-get", ["indextargets", "--format", PackageSources.format, "Created-By: Packages"]),
            release: PackageSources.value("VERSION_CODENAME", inRelease: system) ?? "")
    }

    func debootstrap(_ sources: PackageSources) async throws {
        let proxies = PackageSources.proxies(inConfiguration: try await tools.output("apt-config", ["dump"]))
        let list = directory["sources.list"]
        try Files.write(sources.lines.joined(separator: "\n") + "\n", to: list)
        let options = ["APT::Install-Recommends \"false\";"] + proxies
        // Nobody needs a half-written system after a power failure.
        let packaging = ["force-unsafe-io"] + GuestPackages.excludedPaths.map { "path-exclude=\($0)" }
        var follower = DebootstrapProgress()
        try await tools.run(
            "mmdebstrap",
            ["--verbose", "--mode=root", "--variant=essential", "--format=directory", "--skip=cleanup/apt/lists"]
                + ["--include=" + GuestPackages.names.joined(separator: ",")]
                + options.map { "--aptopt=\($0)" } + packaging.map { "--dpkgopt=\($0)" }
                + [sources.release, root, list]
        ) { line in
            if let progress = follower.read(line) { report(progress) }
        }
    }

    /// Downloads the kernel's package and unpacks it beside the system.
    ///
    /// It is not installed: that would make an initial RAM disk of some hundred modules, in minutes under emulation.
    /// - Returns: The kernel's version.
    func addKernel() async throws -> String {
        // The new system's package lists, with this host's apt.
        let apt = [
            "-o", "Dir=\(root)", "-o", "Dir::State::Status=\(root)/var/lib/dpkg/status", "-o",
            "APT::Sandbox::User=root",
        ]
        let relations = try await tools.output("apt-cache", apt + ["depends", GuestPackages.kernel])
        guard let package = Self.dependency(in: relations) else {
            throw ImageBuildError(
                .noSources, step: step.rawValue,
                detail: "no package \(GuestPackages.kernel) in the sources of this host",
                advice: "Fetch the package lists again: apt-get update")
        }
        let archives = directory["kernel"]
        try FileManager.default.createDirectory(atPath: archives, withIntermediateDirectories: true)
        try await tools.run(
            "env", ["-C", archives, "apt-get"] + apt + ["-o", "APT::Status-Fd=1", "download", package]
        ) { line in
            if let part = Self.part(ofStatus: line) { report(BuildStep.kernel.progress(part / 2)) }
        }
        guard let archive = Files.names(in: archives).first(where: { $0.hasSuffix(".deb") }) else {
            throw ImageBuildError(.failed, step: step.rawValue, detail: "apt-get downloaded no \(package)")
        }
        try await tools.run("dpkg-deb", ["--extract", "\(archives)/\(archive)", kernel])
        let version = String(package.dropFirst("linux-image-".count))
        try await tools.run("chroot", [root, "depmod", "--basedir", "/kernel", version])
        return version
    }

    /// The package that a metapackage stands for, in the output of `apt-cache depends`.
    static func dependency(in relations: String) -> String? {
        for line in relations.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "Depends:", words[1].hasPrefix("linux-image-") { return String(words[1]) }
        }
        return nil
    }

    /// The share done, 0...1, in a line of apt's status descriptor: "dlstatus:1:45.2:Retrieving file 1 of 1".
    static func part(ofStatus line: String) -> Double? {
        let fields = line.split(separator: ":")
        guard fields.count >= 3, fields[0] == "dlstatus", let percent = Double(fields[2]) else { return nil }
        return percent / 100
    }

    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
