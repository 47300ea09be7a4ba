import Domain

extension Settings {
    /// Linux: `sockaddr_un.sun_path` has 108 bytes, the last one ends the text (unix(7)).
    private static let longestSocketPath = 107
    /// What the longest path of a session's socket adds to `runtime_dir`: 16 is the length of a session's id.
    private static let longestSocketSuffix = "/sessions/".utf8.count + 16 + "/monitor.sock".utf8.count
    static let longestRuntimeDir = longestSocketPath - longestSocketSuffix

    /// What is wrong between keys, each of which may be right alone.
    /// - Parameter wrong: Keys that are wrong alone: their default stands here, which nobody wanted.
    func crossChecks(ignoring wrong: Set<String>) -> [SettingsError] {
        socketContradictions() + (wrong.contains("limits.lifetime") ? [] : lifetimeContradictions())
            + signInContradictions(ignoring: wrong) + companionContradictions(ignoring: wrong)
            + displayContradictions(ignoring: wrong) + memoryDoubts(ignoring: wrong) + repeatedTags()
    }

    /// A guest finds a folder by its tag, and mounts it at a place that follows from it.
    private func repeatedTags() -> [SettingsError] {
        let places = mounts.map { HostFolder.place(of: $0.tag) }
        guard let twice = places.first(where: { place in places.count { $0 == place } > 1 }) else { return [] }
        return [
            SettingsError(
                origin: origins["mounts"], key: "mounts", found: "two folders of which guests have one, at \(twice)",
                expected: "another tag for each",
                advice: "give one of them a tag of its own (tag: NAME)")
        ]
    }

    /// Whether browsers reach the pages, or the displays, by TLS: ours, or that of a proxy.
    package var pagesAreSecure: Bool { frontend.publicURL.map { $0.hasPrefix("https:") } ?? (tls.certificate != nil) }
    package var displaysAreSecure: Bool { display.publicURL.map { $0.hasPrefix("https:") } ?? (tls.certificate != nil) }

    /// A browser opens no plain WebSocket from a page that came by TLS (W3C Mixed Content, 5.1).
    private func displayContradictions(ignoring wrong: Set<String>) -> [SettingsError] {
        let keys = ["frontend.public_url", "display.public_url", "display.listen", "tls.certificate"]
        guard pagesAreSecure, !displaysAreSecure, wrong.isDisjoint(with: keys) else { return [] }
        // Where nobody said anything of displays this may be a host of pages alone; `qwd doctor` asks about it.
        let isAsked = display.publicURL != nil
        guard isAsked || display.listen != Display().listen else { return [] }
        let key = isAsked ? "display.public_url" : "display.listen"
        return [
            SettingsError(
                origin: origins[key], key: key, found: "\"\(display.publicURL ?? "\(display.listen)")\" without TLS",
                expected: "displays with TLS beside pages with TLS",
                advice:
                    "browsers open no plain WebSocket from an https page; set display.public_url to an https address "
                    + "that a proxy passes on to display.listen, or set tls.certificate and tls.key")
        ]
    }

    /// A size that is none of a session's, but one in MiB.
    private func memoryDoubts(ignoring wrong: Set<String>) -> [SettingsError] {
        let sizes = [("defaults.memory_gib", defaults.memoryMiB)] + form.memoryMiB.map { ("form.memory_gib", $0) }
        return sizes.filter { !wrong.contains($0.0) && $0.1 >= 1 << 20 }.compactMap { key, mib -> SettingsError? in
            let gib = Double(mib) / 1024
            guard let meant = ProbablyMiB.gibibytes(of: gib) else { return nil }
            return SettingsError(
                origin: origins[key], key: key, found: "\(gib.shortText)", expected: "a number of GiB below 1024",
                advice: "write \(meant.shortText) if MiB were meant")
        }
    }

    private func socketContradictions() -> [SettingsError] {
        let length = runtimeDir.utf8.count
        guard length > Self.longestRuntimeDir else { return [] }
        return [
            SettingsError(
                origin: origins["runtime_dir"], key: "runtime_dir", found: "\"\(runtimeDir)\" with \(length) bytes",
                expected: "at most \(Self.longestRuntimeDir) bytes",
                advice: "the path of a session's socket below it may have \(Self.longestSocketPath)")
        ]
    }

    private func lifetimeContradictions() -> [SettingsError] {
        let limit = limits.lifetime
        let lifetimes = [("defaults.lifetime", defaults.lifetime)] + form.lifetime.map { ("form.lifetime", $0) }
        return lifetimes.filter { Form.isLonger($0.1, than: limit) }.map { name, lifetime in
            SettingsError(
                origin: origins[name], key: name,
                found: lifetime == .zero ? "0, which is without end" : lifetime.configurationText,
                expected: "at most \(limit.configurationText)",
                advice: "that is limits.lifetime (\(origins["limits.lifetime"]))")
        }
    }
}
