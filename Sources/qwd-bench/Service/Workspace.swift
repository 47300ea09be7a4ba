import Catalogue
import FoundationEssentials
import Glibc
import Processes

/// A directory for one benchmark, with the machines it uses. Everything that was started for it ends with it.
final class Workspace: Sendable {
    static let disc = "/usr/lib/grub-rescue/grub-rescue-cdrom.iso"
    /// Name of the variable that marks the processes of a workspace, to find those that outlive their parents.
    private static let variable = "QWDTEST_ROOT"
    static let machineName = "grub-rescue.iso"

    let directory: String
    /// Marks what we start, and what that starts: an entry of the environment.
    var mark: String { "\(Self.variable)=\(directory)" }
    var machines: String { "\(directory)/machines" }
    /// A configuration file, so that this computer's own is not read.
    var configuration: String { "\(directory)/qwd.yaml" }
    private var catalogueFile: String { "\(machines)/machines.conf" }

    init() throws {
        guard Files.read(Self.disc) != nil else {
            throw BenchError("\(Self.disc) is not there. Install it: apt-get install grub-rescue-pc")
        }
        // Short, because the path of a Unix socket has less than 108 bytes (unix(7)).
        var template = Array("/tmp/qwdb-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw BenchError("mkdtemp: errno \(errno)") }
        directory = String(cString: made)
        try Files.makeDirectory(machines)
        try Files.link("\(machines)/\(Self.machineName)", to: Self.disc)
        try Files.write("log: { level: notice }\n", to: configuration)
        try Files.write("[\(Self.machineName)]\ndescription=GRUB rescue shell\n", to: catalogueFile)
    }

    /// The machine, as the worker knows it.
    func machine() throws -> Machine {
        let catalogue = Catalogue.load(files: [catalogueFile], directory: machines)
        guard let machine = catalogue.machine(named: Self.machineName) else {
            throw BenchError("there is no machine: \(catalogue.warnings)")
        }
        return machine
    }

    /// A new directory.
    func makeDirectory(_ name: String) throws -> String {
        let path = "\(directory)/\(name)"
        try Files.makeDirectory(path)
        return path
    }

    /// Our processes whose command line has `text` in it: those that inherited our mark or have our directory in their
    /// command line. (Redis writes its title over its environment.)
    /// - Parameter guards: Whether those that stand guard over another one are among them.
    func processes(with text: String = "", guards: Bool = false) -> [pid_t] {
        ProcessMeter.all { line, environment in
            (guards || text.isEmpty || !line.hasPrefix("/usr/bin/bwrap"))
                && (environment.contains(mark) || line.contains(directory)) && (text.isEmpty || line.contains(text))
        }
    }

    /// Ends what is left of our processes, which is nothing unless something broke, and removes the directory.
    func close() async {
        // A process that is just being started may come after the first look.
        for _ in 0..<10 where !processes().isEmpty {
            for pid in processes() {
                // Asked again once the process is held, because its id may have come to mean another one.
                if let process = ProcessHandle(pid: pid, mark: " "), processes().contains(pid) {
                    _ = await process.kill()
                }
            }
        }
        Files.remove(directory)
    }
}
