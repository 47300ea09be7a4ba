import Catalogue
import Domain
import FoundationEssentials
import Machines
import Processes

/// The files by which a boot script comes into a guest. They are made beside the session's disk, QEMU sees each under a name of its
/// own, and nothing of the script stands in a command line, which others on the host may read.
struct BootScriptFiles {
    let paths: SessionPaths
    let inject: Injection

    private static let script = "/boot-script"
    private static let credential = "/boot-credential"
    private static let seed = "/boot-seed"
    /// SMBIOS gives a table 64 KiB (DMTF DSP0134), and credentials stand in one.
    private static let mostOfCredential = 60_000
    private static let limit = Duration.seconds(10)

    init?(_ specification: MachineSpecification, paths: SessionPaths) {
        guard specification.bootScript != nil || !specification.batchScripts.isEmpty,
            specification.machine.inject != .none
        else { return nil }
        self.paths = paths
        inject = specification.machine.inject
    }

    /// Writes them.
    func make(_ specification: MachineSpecification, account: Account?) async throws(MachineError) {
        try await MachineError.translating { () async throws(ProcessError) in
            for (index, batch) in specification.batchScripts.enumerated() {
                try write(batch, paths.batchScript(index + 1), account)
            }
            guard let script = specification.bootScript else { return }
            try write(script, paths.bootScript, account)
            if inject.includes(.credential) {
                let credential = Self.credential(of: script)
                if credential.utf8.count <= Self.mostOfCredential {
                    try write(credential, paths.bootCredential, account)
                } else if inject == .credential {
                    throw ProcessError(
                        .system,
                        "The boot scripts are too long for inject=credential, which takes some 30 KiB: inject=seed.")
                }
            }
            if inject.includes(.agent) {
                try Files.write(inject == .agent ? QEMUHypervisor.only : "", to: paths.bootAgent)
            }
            let isWorthADisk = !specification.mountsOnly || specification.machine.kind != .iso || inject == .seed
            if inject.includes(.seed), isWorthADisk { try await makeSeed(specification.session, account) }
        }
    }

    private func write(_ text: String, _ path: String, _ account: Account?) throws(ProcessError) {
        try Files.write(text, to: path)
        try account?.own(path, mode: 0o400)
    }

    /// A line for systemd-tmpfiles (tmpfiles.d(5)), as systemd reads it from SMBIOS. Who knows no such credential reads nothing.
    private static func credential(of script: String) -> String {
        let lines = """
            d /run/qwd 0700 root root -
            f+~ /run/qwd/boot-script 0700 root root - \(Data(script.utf8).base64EncodedString())
            f+ /etc/cron.d/qwd-boot-script 0644 root root - @reboot root /bin/sh /run/qwd/boot-script >/dev/null\\n
            """
        return "io.systemd.credential.binary:tmpfiles.extra=\(Data((lines + "\n").utf8).base64EncodedString())"
    }

    /// A FAT disk with the label and the files of cloud-init's NoCloud.
    private func makeSeed(_ session: SessionID, _ account: Account?) async throws(ProcessError) {
        let data = "\(paths.bootSeed).data"
        defer { Files.remove(data) }
        try Files.makeDirectory(data)
        try Files.copy(paths.bootScript, to: "\(data)/user-data")
        try Files.write("instance-id: qwd-\(session)\n", to: "\(data)/meta-data")
        try await run("mformat", ["-i", paths.bootSeed, "-C", "-f", "1440", "-v", "CIDATA", "::"])
        try await run("mcopy", ["-i", paths.bootSeed, "\(data)/user-data", "\(data)/meta-data", "::"])
        try account?.own(paths.bootSeed, mode: 0o400)
    }

    private func run(_ name: String, _ arguments: [String]) async throws(ProcessError) {
        let result = try await ForegroundProcess.run(Program(name, arguments, package: "mtools"), limit: Self.limit)
        if result.isSuccess { return }
        throw ProcessError(.system, "The disk with the boot script can't be made: \(result.message)")
    }

    private var all: [(source: String, place: String)] {
        [(paths.bootScript, Self.script), (paths.bootCredential, Self.credential), (paths.bootSeed, Self.seed)].filter {
            Files.exists($0.source)
        }
    }

    /// What QEMU sees of them.
    var mounts: [Sandbox.Mount] { all.map { Sandbox.Mount($0.source, at: $0.place) } }

    /// QEMU's options for them.
    var arguments: [String] {
        let places = Set(all.map(\.place))
        var words: [String] = []
        if inject.includes(.firmware) { words += ["-fw_cfg", "name=opt/qwd/boot-script,file=\(Self.script)"] }
        if places.contains(Self.credential) { words += ["-smbios", "type=11,path=\(Self.credential)"] }
        if places.contains(Self.seed) {
            words += [
                "-blockdev", "driver=file,filename=\(Self.seed),node-name=seed-file,read-only=on,auto-read-only=off",
            ]
            words += ["-blockdev", "driver=raw,file=seed-file,node-name=seed,read-only=on"]
            words += ["-device", "virtio-blk-pci,drive=seed"]
        }
        return words
    }
}
