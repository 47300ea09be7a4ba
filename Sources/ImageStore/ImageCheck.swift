package import Catalogue
import Processes

/// Looks through a whole image, which may take minutes: for who adds or verifies one, and never on the way of a start.
package enum ImageCheck {
    package struct Finding: Sendable, Hashable {
        package var isGood: Bool
        package var text: String
    }

    private static let limit = Duration.seconds(3600)

    package static func run(_ machine: Machine) async -> [Finding] {
        var findings: [Finding] = []
        if let sum = machine.sha256 { findings.append(await compare(machine, sum)) }
        if machine.kind == .disk, let finding = await checkTables(machine) { findings.append(finding) }
        if let finding = await lookInside(machine) { findings.append(finding) }
        if findings.isEmpty {
            findings.append(Finding(isGood: true, text: "its head says what it is; there is nothing more to compare"))
        }
        return findings
    }

    private static func compare(_ machine: Machine, _ sum: String) async -> Finding {
        let path = machine.path
        // What can't be read is not as promised.
        let found = await onFileThread { try? FileDigest.sha256(of: path) }
        if found == sum { return Finding(isGood: true, text: "its SHA-256 is as promised") }
        // What was unpacked has another sum than what came.
        if machine.imageSHA256 == nil {
            return Finding(isGood: true, text: "sha256= is that of the packed file, which was compared when it came")
        }
        return Finding(isGood: false, text: "its SHA-256 is \(found ?? "not to be read"), and sha256=\(sum)")
    }

    /// The format's own tables, as qemu-img checks them; nil for formats that have none.
    private static func checkTables(_ machine: Machine) async -> Finding? {
        guard [.qcow2, .vdi, .vhdx, .vmdk, .qed].contains(machine.driver) else { return nil }
        var program = Program("qemu-img", ["check", "-f", machine.driver.rawValue, "/disk"], package: "qemu-utils")
        var sandbox = Sandbox()
        sandbox.readOnly = [Sandbox.Mount(machine.path, at: "/disk")]
        sandbox.dropsRights = true
        program.sandbox = sandbox
        do {
            let result = try await ForegroundProcess.run(program, limit: limit)
            if result.isSuccess || result.message.contains("does not support checks") {
                return Finding(isGood: true, text: "its tables are whole")
            }
            let words = (result.message + " " + result.output).split(separator: "\n").prefix(2).joined(separator: " ")
            return Finding(
                isGood: false, text: "its tables are not whole (\(words.prefix(300))). Get or copy it again.")
        } catch {
            return Finding(isGood: false, text: "\(error)")
        }
    }

    private static func lookInside(_ machine: Machine) async -> Finding? {
        guard machine.kind == .disk, GuestSystem.canLook else { return nil }
        guard let system = await GuestSystem.look(at: machine.path, as: machine.driver) else {
            return Finding(isGood: true, text: "libguestfs knows no system on it")
        }
        return Finding(isGood: true, text: "on it is \(system.name)")
    }
}
