package import Catalogue
import Processes

/// The system on a disk, by libguestfs where that is installed. It takes a machine of its own to look, so this is for who adds or
/// verifies an image, and never on the way of a start.
package struct GuestSystem: Sendable, Hashable {
    /// In words for a person.
    package var name: String
    /// `linux`, `windows` or another family.
    package var family: String
    /// libguestfs' name of a Linux distribution, `debian` for example.
    package var distribution: String?

    private static let program = "virt-inspector"
    /// Under TCG its appliance was seen to take 43 s to start.
    private static let limit = Duration.seconds(600)

    package static var canLook: Bool { Programs.find(program) != nil }

    /// - Returns: Nil if libguestfs knows no system there, or can't look.
    package static func look(at path: String, as driver: DiskFormat) async -> GuestSystem? {
        let program = Program(
            program, ["--format=\(driver.rawValue)", "--no-applications", "-a", path], package: "libguestfs-tools")
        guard let result = try? await ForegroundProcess.run(program, limit: limit), result.isSuccess else { return nil }
        return GuestSystem(inspection: result.output)
    }

    /// Reads what virt-inspector(1) prints.
    init?(inspection: String) {
        func value(_ tag: String) -> String? {
            guard let start = inspection.firstRange(of: "<\(tag)>")?.upperBound,
                let end = inspection[start...].firstRange(of: "</\(tag)>")?.lowerBound
            else { return nil }
            return String(inspection[start..<end])
        }
        guard let family = value("name") else { return nil }
        self.family = family
        distribution = value("distro")
        name = value("product_name") ?? distribution ?? "an unknown system"
    }

    /// Distributions whose start has the drivers of all machines in it, wherever they were installed. Others make it for the
    /// machine that they are on, and may have no driver for virtio.
    private static let general: Set<String> = ["debian", "ubuntu", "linuxmint", "kalilinux", "alpinelinux"]

    /// Keys of a machine's section that follow from it.
    package var choices: [(key: String, value: String)] {
        if family == "windows" { return [("clock", "localtime")] }
        guard family == "linux", let distribution, Self.general.contains(distribution) else { return [] }
        return [("disk_bus", "virtio"), ("network_card", "virtio")]
    }
}
