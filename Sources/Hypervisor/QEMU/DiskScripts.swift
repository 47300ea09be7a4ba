import Catalogue
import Machines
import Processes

/// The boot scripts that libguestfs puts into a session's disk (`inject=firstboot`): one for sh, or those for Windows.
struct DiskScripts {
    /// Each under the name by which libguestfs sees it.
    let files: [Sandbox.Mount]
    private let isForWindows: Bool

    init(_ specification: MachineSpecification, paths: SessionPaths) {
        let batches = specification.batchScripts.indices.map { index in
            Sandbox.Mount(paths.batchScript(index + 1), at: "/boot-script-\(index + 1)")
        }
        isForWindows = !batches.isEmpty
        let isForShell = specification.bootScript != nil && specification.machine.inject == .firstboot
        files = isForShell ? [Sandbox.Mount(paths.bootScript, at: "/boot-script")] : batches
    }

    private static let shell = "/bin/sh"
    /// What libguestfs makes where it has found a Windows.
    private static let control = "/Program Files/Guestfs/Firstboot/firstboot.bat"

    /// Lines for virt-customize(1). It takes a script for sh into a Windows, and one for Windows into a Linux, without a word: a
    /// command that changes nothing and fails on the other system stops it.
    var commands: [String] {
        if files.isEmpty { return [] }
        let putting = files.map { "firstboot \($0.path)" }
        return isForWindows ? putting + ["chmod 0644:\(Self.control)"] : ["chmod 0755:\(Self.shell)"] + putting
    }

    /// What virt-customize's error means, where it is one of ours.
    func meaning(of error: String) -> String? {
        if files.isEmpty || !error.hasPrefix("chmod: ") { return nil }
        if isForWindows, error.contains(Self.control) {
            return
                "there is no Windows on its disk, and its boot scripts are for one: write them for sh (exec:, bash:, #!), or name other machines (if(machine!=...):)."
        }
        if !isForWindows, error.contains("\(Self.shell):") {
            return
                "there is no \(Self.shell) on its disk, and its boot scripts, or mounts of folders, are for that: for Windows write cmd: or a batch file, or name other machines (if(machine!=...):)."
        }
        return nil
    }
}

/// The program by which batch files run when Windows starts. libguestfs puts it into the disk and does not bring it.
package enum WindowsService {
    package static let directory = "/usr/share/virt-tools"
    private static let names = ["rhsrvany.exe", "pvvxsvc.exe"]

    /// Why boot scripts can't be put into a Windows, and the way out; nil if they can.
    package static func problem(in directory: String = directory) -> String? {
        if names.contains(where: { Files.exists("\(directory)/\($0)") }) { return nil }
        return
            "boot scripts for Windows need \(directory)/\(names[0]) (or \(names[1])), which Debian has no package of: build it from https://github.com/rwmjones/rhsrvany and put it there, for all to read."
    }
}
