/// The kernel's modules and what each needs, from its modules.dep.
struct ModuleTree: Sendable {
    /// Path of a module below /lib/modules/VERSION -> those it needs, in the order in which they are given there.
    private var needs: [String: [String]] = [:]
    private var paths: [String: String] = [:]

    init(dependencies text: String) {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            let path = String(parts[0])
            needs[path] = parts[1].split(separator: " ").map(String.init)
            paths[Self.name(of: path)] = path
        }
    }

    /// Paths of modules and of all they need, each before those that need it. Names that this kernel has built in or does
    /// not know are left out.
    func paths(for names: [String]) -> [String] {
        var ordered: [String] = []
        for name in names {
            guard let path = paths[Self.canonical(name)] else { continue }
            // modules.dep lists what has to be loaded first last.
            for needed in (needs[path] ?? []).reversed() + [path] where !ordered.contains(needed) {
                ordered.append(needed)
            }
        }
        return ordered
    }

    /// `kernel/fs/ext4/ext4.ko.xz` -> `ext4`.
    private static func name(of path: String) -> String {
        let file = path.split(separator: "/").last ?? ""
        return canonical(file.split(separator: ".").first ?? "")
    }

    /// The kernel takes `-` and `_` for the same.
    private static func canonical(_ name: some StringProtocol) -> String {
        String(name.map { $0 == "-" ? "_" : $0 })
    }
}
