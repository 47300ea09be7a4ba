import Catalogue
import Machines

extension [BootScript] {
    /// Those that a machine's guest runs: scripts for Windows in a Windows, those for a shell in everything else. What is for all
    /// machines runs where it can and is left out elsewhere.
    /// - Throws: `MachineError` for a script that is meant for this machine and can't run there.
    func fitting(_ machine: Machine) throws(MachineError) -> [BootScript] {
        let isWindows =
            switch machine.system {
            case .windows: true
            case .linux: false
            // What is meant for it tells what it is.
            case .unknown: contains { $0.isBatch && !$0.isForAll }
            }
        for script in self where script.isBatch != isWindows && !script.isForAll {
            throw MachineError(
                .badImage,
                isWindows
                    ? "\(script.name) is for sh, and \(machine.title) is a Windows. Write it as cmd: or as a batch file, or leave the machine out: if(machine!=\(machine.name)):"
                    : "\(script.name) is for Windows, and \(machine.title) is a Linux. Write it as exec:, bash: or #!, or leave the machine out: if(machine!=\(machine.name)):"
            )
        }
        let fitting = filter { $0.isBatch == isWindows }
        guard isWindows, let first = fitting.first, ![.firstboot, .none].contains(machine.inject) else {
            return fitting
        }
        throw MachineError(
            .badImage,
            "\(first.name) is for Windows, which takes boot scripts by inject=firstboot alone, and \(machine.title) has inject=\(machine.inject.rawValue). Write inject=firstboot into its section in machines.conf, or leave the machine out: if(machine!=\(machine.name)):"
        )
    }
}
