import Glibc
import Processes

/// What the build needs on the host.
struct HostPrograms: Sendable {
    struct Need: Sendable, Hashable {
        /// A program's name, or an absolute path of a file.
        var program: String
        /// The Debian package that has it.
        var package: String
    }

    /// The code that a BIOS runs first; copied to the beginning of the disk.
    static let bootSector = "/usr/lib/syslinux/mbr/mbr.bin"

    static let needs = [
        Need(program: "mmdebstrap", package: "mmdebstrap"),
        Need(program: "/usr/share/keyrings/debian-archive-keyring.gpg", package: "debian-archive-keyring"),
        Need(program: "apt-get", package: "apt"),
        Need(program: "dpkg-deb", package: "dpkg"),
        Need(program: "unshare", package: "util-linux"),
        Need(program: "chroot", package: "coreutils"),
        Need(program: "mke2fs", package: "e2fsprogs"),
        Need(program: "sfdisk", package: "fdisk"),
        Need(program: "mformat", package: "mtools"),
        Need(program: "mcopy", package: "mtools"),
        Need(program: "syslinux", package: "syslinux"),
        Need(program: bootSector, package: "syslinux-common"),
        Need(program: "qemu-img", package: "qemu-utils"),
    ]

    /// Needed as well by a user who is not root.
    static let unprivilegedNeeds = [Need(program: "newuidmap", package: "uidmap")]

    /// What is missing, as one error that names everything at once.
    /// - Parameter isThere: Whether a program or file is on this host.
    static func missing(
        isRoot: Bool, isThere: (String) -> Bool = { Programs.find($0) != nil || access($0, R_OK) == 0 }
    ) -> ImageBuildError? {
        let missing = (isRoot ? needs : needs + unprivilegedNeeds).filter { !isThere($0.program) }
        if missing.isEmpty { return nil }
        let packages = Set(missing.map(\.package)).sorted()
        let sudo = isRoot ? "" : "sudo "
        return ImageBuildError(
            .missingPrograms, step: BuildStep.check.rawValue,
            detail: "not installed: " + missing.map(\.program).joined(separator: ", "),
            advice: "Install them: \(sudo)apt-get install \(packages.joined(separator: " "))")
    }
}
