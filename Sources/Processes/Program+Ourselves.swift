extension Program {
    /// The program that runs now. One that was replaced meanwhile is taken in its new version.
    package static var ourselves: String {
        let path = Files.target(of: "/proc/self/exe") ?? "qwd"
        let replaced = " (deleted)"
        return path.hasSuffix(replaced) ? String(path.dropLast(replaced.count)) : path
    }

    /// Our own program, shut in: it sees itself and its libraries, and has no network. What else it needs is added to its sandbox.
    /// - Parameter path: Absolute path of `qwd`.
    package static func shutIn(_ path: String, _ arguments: [String], account: Account?) -> Program {
        var program = Program(path, arguments, package: "qwd")
        program.account = account
        var sandbox = Sandbox()
        // Dispatch looks into /proc.
        sandbox.processes = .itselfInProc
        sandbox.readOnly = [Sandbox.Mount(path)] + Sandbox.ownLibraries
        program.sandbox = sandbox
        return program
    }
}

extension Sandbox {
    /// Our own libraries that are not the system's: those of Swift, where we are not linked with them.
    fileprivate static var ownLibraries: [Sandbox.Mount] {
        let lines = (Files.read("/proc/self/maps") ?? "").split(separator: "\n")
        let files = Set(
            lines.compactMap { $0.split(separator: " ", maxSplits: 5).last.map { String($0.drop { $0 == " " }) } })
        return files.filter {
            $0.hasPrefix("/") && $0.contains(".so") && !$0.hasPrefix("/usr/") && !$0.hasPrefix("/lib")
        }
        .sorted().map { Sandbox.Mount($0) }
    }
}
