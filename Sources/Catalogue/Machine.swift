package import Domain

/// A machine that this host can start: a master image that sessions never write to.
package struct Machine: Sendable, Hashable, Identifiable {
    package enum Kind: String, Sendable, Hashable {
        /// A disk; a session gets an overlay over it.
        case disk
        /// A CD or DVD; a session gets an empty disk beside it.
        case iso
    }

    package var name: String
    /// What people choose it by; the description, or the name, where the catalogue has no title.
    package var title: String
    /// One line for a person; the name where the catalogue says nothing.
    package var description: String
    package var path: String
    package var kind: Kind
    /// What QEMU is told. It never probes: a guest could make its raw disk look like another format.
    package var format: DiskFormat
    /// How QEMU opens it, which may be another way: see `VHDFormat`.
    package var driver: DiskFormat
    package var hardware: MachineHardware
    /// Whose system its disk has, as far as that shows.
    package var system = BootSurvey.System.unknown
    /// Why the hardware is so, part by part.
    package var parts: [HardwareChoice.Part] = []
    /// CPUs it needs at least, and has at most; nil when it does not say.
    package var cpu: Int?
    package var cpuMax: Int?
    /// Memory it needs at least, and has at most; nil when it does not say.
    package var memoryMiB: Int?
    package var memoryMaxMiB: Int?
    /// Size of a session's disk, if it is to be larger than the image's; of a CD's session, its size.
    package var diskGiB: Int?
    /// Further images that a session gets: a disk, over which it has an overlay, and CDs.
    package var disk2: AttachedImage?
    package var cdroms: [AttachedImage] = []
    /// Who may see and start it: everybody, if both are empty.
    package var users: [PersonName] = []
    package var groups: [String] = []
    /// For the form: a sign, and the heading that it stands below.
    package var icon: String?
    package var group: String?
    /// How it is noticed that its desktop is there; nil: it is there as soon as the machine runs.
    package var ready: Readiness?
    /// A boot script of all its sessions, or of those for whom its condition holds.
    package var script: BootScriptRule?
    /// Graphics cards of each of its sessions; nil: as many as are asked for.
    package var gpu: Int?
    /// Names of those host folders that its guests get; nil for all that their owners may have.
    package var mounts: [String]?
    /// More options of its QEMU.
    package var qemu: QEMUOptions?
    /// How boot scripts come into its guest.
    package var inject = Injection.auto
    /// What `url` promises of the file: SHA-256, in lower-case hexadecimal digits.
    package var sha256: String?
    package var url: String?
    /// Its place in the catalogue.
    var order = 0
    /// What it was made of, to make it again with other wishes.
    var origin: Origin?
    /// Length of the file, not of the disk in it.
    package var sizeBytes: Int
    /// Size of the disk as QEMU sees it, a multiple of 512; zero if it is not known.
    package var virtualSizeBytes: Int
    /// The file that was looked at; nil if none was. At `path` there may be another one by now.
    package var identity: ImageIdentity?

    package var id: String { name }

    package init(
        name: String, description: String, path: String, kind: Kind, format: DiskFormat,
        hardware: MachineHardware = MachineHardware(), cpu: Int? = nil, memoryMiB: Int? = nil, sizeBytes: Int = 0,
        virtualSizeBytes: Int = 0, driver: DiskFormat? = nil, identity: ImageIdentity? = nil
    ) {
        self.driver = driver ?? format
        self.name = name
        self.title = description
        self.description = description
        self.path = path
        self.kind = kind
        self.format = format
        self.hardware = hardware
        self.cpu = cpu
        self.memoryMiB = memoryMiB
        self.sizeBytes = sizeBytes
        self.virtualSizeBytes = virtualSizeBytes
        self.identity = identity
    }

    /// A machine of a file that was looked at.
    package init(name: String, path: String, image: DiskImage, choice: HardwareChoice? = nil) {
        let choice = choice ?? HardwareChoice(image: image)
        self.init(
            name: name, description: name, path: path, kind: image.kind, format: image.format,
            hardware: choice.hardware, sizeBytes: Int(image.identity.size), virtualSizeBytes: image.virtualSizeBytes,
            driver: image.driver,
            identity: image.identity)
        parts = choice.parts
        // Which one of two starts nobody knows.
        system = image.survey.system == .windows && image.survey.hasLinux ? .unknown : image.survey.system
    }

    /// A machine of a file that is in no catalogue. Waits for the disk.
    package init(file path: String) throws(ImageError) {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let file = try ImageFile(path: path)
        if file.isOpenForWriting { throw .beingWritten }
        let image = try DiskImage(file, named: path)
        self.init(name: Self.isValid(name: name) ? name : "image", path: path, image: image)
        origin = Origin(section: CatalogueSection(title: name, file: path, line: 0), image: image)
    }

    struct Origin: Sendable, Hashable {
        var section: CatalogueSection
        var image: DiskImage
    }

    /// What the file itself must come to; nil if nothing is promised of it, or of what it was packed in alone.
    package var imageSHA256: String? { CatalogueSection.isPacked(url: url) ? nil : sha256 }

    /// An image that a machine has besides its own.
    package struct AttachedImage: Sendable, Hashable {
        package var path: String
        /// How QEMU opens it.
        package var driver: DiskFormat
        package var virtualSizeBytes: Int
        /// The file that was looked at.
        package var identity: ImageIdentity?
    }

    /// Whether a name can be a machine's: it becomes a file name, a form's value and a word on command lines.
    package static func isValid(name: String) -> Bool {
        guard (1...64).contains(name.utf8.count), let first = name.utf8.first, first != dot, first != dash else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), dot, dash, UInt8(ascii: "_"):
                true
            default:
                false
            }
        }
    }

    private static var dot: UInt8 { UInt8(ascii: ".") }
    private static var dash: UInt8 { UInt8(ascii: "-") }
}
