import FoundationEssentials
import Glibc
import Processes

/// From the system's directory to the disk's file.
extension ImagePipeline {
    /// Adds our files and the modules, and lets the new system finish itself.
    /// - Returns: Path of the first root file system.
    func configure(_ version: String) async throws -> String {
        let overlay = directory["overlay"]
        for file in GuestFile.all { try Self.write(file.content, to: overlay + file.path, isProgram: file.isProgram) }
        let modules = "\(kernel)/lib/modules/\(version)"
        let tree = ModuleTree(dependencies: Files.read("\(modules)/modules.dep") ?? "")
        let kept = tree.paths(for: GuestPackages.modules)
        for path in kept + ["modules.order", "modules.builtin", "modules.builtin.modinfo"] {
            try Self.write(
                try Self.read("\(modules)/\(path)"), to: "\(overlay)/usr/lib/modules/\(version)/\(path)",
                isProgram: false)
        }
        let ramdisk = directory["initrd.img"]
        try Self.write(try makeRamdisk(tree, modules), to: ramdisk, isProgram: false)
        try Self.write(try Self.read("\(kernel)/boot/vmlinuz-\(version)"), to: directory["vmlinuz"], isProgram: false)
        try await tools.run("cp", ["-R", "--preserve=mode", "--no-target-directory", overlay, root])
        report(BuildStep.configure.progress(0.4))
        try await tools.run("chroot", [root, "depmod", version])
        try await tools.run("chroot", [root, GuestFile.finishImage])
        return ramdisk
    }

    private func makeRamdisk(_ tree: ModuleTree, _ modules: String) throws -> [UInt8] {
        var archive = RamdiskArchive()
        for directory in ["bin", "dev", "proc", "sys", "root", "modules"] { archive.addDirectory(directory) }
        archive.addFile("init", GuestFile.initialProgram, isProgram: true)
        archive.addFile("bin/busybox", try Self.read("\(root)/bin/busybox"), isProgram: true)
        for applet in ["sh", "mount", "insmod", "findfs", "sleep", "switch_root"] {
            archive.addLink("bin/\(applet)", to: "busybox")
        }
        let first = tree.paths(for: GuestPackages.firstModules)
        let others = tree.paths(for: GuestPackages.otherDiskModules).filter { !first.contains($0) }
        for (list, paths) in [("virtio", first), ("other-disks", others)] {
            let names = paths.map { String($0.split(separator: "/").last ?? "") }
            archive.addFile("modules/\(list)", Array((names.joined(separator: "\n") + "\n").utf8))
            for (path, name) in zip(paths, names) {
                archive.addFile("modules/\(name)", try Self.read("\(modules)/\(path)"))
            }
        }
        return archive.finished()
    }

    func writeDisk(ramdisk: String) async throws {
        try Self.write([], to: disk, isProgram: false)
        guard truncate(disk, DiskLayout.size) == 0 else { throw Self.failure(disk) }
        try await tools.run("sfdisk", ["--quiet", disk], input: DiskLayout.partitions)
        try Self.overwrite(disk, with: try Self.read(HostPrograms.bootSector).prefix(440))
        let settings = directory["syslinux.cfg"]
        try Files.write(BootConfiguration.syslinux, to: settings)
        try await tools.run("mformat", DiskLayout.formatBoot(disk))
        try await tools.run("mcopy", ["-i", DiskLayout.mtools(disk), directory["vmlinuz"], ramdisk, settings, "::"])
        try await tools.run("syslinux", ["--install", "--offset", "\(DiskLayout.bootOffset)", disk])
        report(BuildStep.disk.progress(0.2))
        try await tools.run("mke2fs", DiskLayout.formatRoot(disk, tree: root))
    }

    /// Makes the qcow2 file beside its final place and moves it there.
    func convert() async throws {
        try await tools.run("qemu-img", ["convert", "-p", "-f", "raw", "-O", "qcow2", disk, partial]) { line in
            if let part = Self.part(ofConversion: line) { report(BuildStep.convert.progress(part)) }
        }
        // After a power failure there must not be a name without its content.
        try await tools.run("sync", [partial])
        try Task.checkCancellation()
        guard rename(partial, output) == 0 else { throw Self.failure(output) }
        report(BuildProgress(step: "Done", fraction: 1))
    }

    /// The share done, 0...1, in qemu-img's "    (45.20/100%)".
    static func part(ofConversion line: String) -> Double? {
        let text = line.drop { $0 == " " }
        guard text.hasPrefix("("), text.hasSuffix("/100%)") else { return nil }
        return Double(text.dropFirst().dropLast("/100%)".count)).map { $0 / 100 }
    }

    // MARK: Files

    private static func read(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: path)))
    }

    private static func write(_ content: [UInt8], to path: String, isProgram: Bool) throws {
        try FileManager.default.createDirectory(atPath: directory(of: path), withIntermediateDirectories: true)
        try Data(content).write(to: URL(filePath: path))
        chmod(path, isProgram ? 0o755 : 0o644)
    }

    /// Replaces the beginning of a file.
    private static func overwrite(_ path: String, with content: ArraySlice<UInt8>) throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        let written = content.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        guard written == content.count else { throw failure(path) }
    }

    private static func failure(_ path: String) -> ProcessError {
        ProcessError(.system, "\(path): \(String(cString: strerror(errno)))")
    }
}
