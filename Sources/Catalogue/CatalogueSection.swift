import Domain

/// One `[name]` section of a catalogue file, as written.
struct CatalogueSection: Sendable, Hashable {
    struct Value: Sendable, Hashable {
        var text: String
        var line: Int
    }

    /// What stands between the brackets.
    var title: String
    var file: String
    var line: Int
    /// Keys in lower case.
    var values: [String: Value] = [:]
    /// Whether something in it is not understood that may be meant to keep somebody out.
    var isWrong = false

    /// The keys of a section and what each means; the document of machines has the same table.
    static let documentation: [(keys: [String], meaning: String)] = [
        (["title"], "What people choose it by; without it, the description."),
        (["description"], "One line for people."),
        (
            ["group", "icon"],
            "For the form: the heading that it stands below, and a sign: `linux`, `windows`, `disc`, `desktop`, `science`, `terminal`, or one emoji."
        ),
        (
            ["path"],
            "The file, if it has another name than the section: below the machines directory, or absolute. Quotation marks around it are left out. Files whose names are no machine's name (spaces, umlauts, more than 64 bytes) are offered so."
        ),
        (["url", "sha256"], "Where to get the file (`qwd machine download`), and what its bytes must come to."),
        (
            ["format"],
            "`qcow2`, `raw`, `vdi`, `vmdk`, `vhd` (`vpc`), `vhdx`, `qed` or `iso`. It must be what the bytes say; it never overrides them. Needed for a raw disk whose name promises another format, and for `raw` where an ISO that is a disk as well shall be a disk."
        ),
        (
            ["memory", "cpu"],
            "What the machine needs at least: GiB, processors. A memory that looks like MiB (2048) is asked back; 2048.0 means it."
        ),
        (["memory_max", "cpu_max"], "What it may have at most."),
        (["disk"], "GiB of a session's disk: of a CD's session, or more than the image has."),
        (["disk2"], "A second disk: an image that each session gets an overlay over."),
        (["cdrom"], "Up to two CD images besides, between commas: drivers, data."),
        (
            ["users", "groups"],
            "Who may see and start it, between commas: names as people sign in, groups as the way to sign in tells them. Without both, everybody."
        ),
        (["ready"], "How it is noticed that its desktop is there: `serial TEXT`, `agent`, `picture` or `seconds N`."),
        (["gpu"], "How many graphics cards each of its sessions gets; `0`: none, whoever asks."),
        (
            ["mounts"],
            "Which of the configuration's `mounts` its sessions get, by their tags between commas, or `none`. Without it, all that their owners may have."
        ),
        (
            ["qemu"],
            "More options of its QEMU, as words; quotes keep words together. They can undo what shuts a machine in."
        ),
        (
            ["script", "script_if"],
            "A boot script of its sessions, `exec: COMMANDS`, `bash: COMMANDS`, `cmd: COMMANDS` for Windows, a file's path or an address, and for whom: `user=ann,bob; group!=guests`."
        ),
        (
            ["inject"],
            "How boot scripts come into its guest: `fw_cfg`, `seed` (cloud-init), `credential` (systemd), `agent` (qemu-guest-agent), `firstboot` (libguestfs, any installed Linux, and the only one for Windows), or `none`. `auto`: all but `firstboot`, of which the first one runs it."
        ),
        (["arch"], "`x86_64` (`amd64`) or `aarch64` (`arm64`). `auto`: what its loader is for."),
        (
            ["firmware"],
            "`bios`, `uefi`, or `secure` for UEFI that starts only what is signed. `auto`: a BIOS if it starts from one."
        ),
        (["tpm"], "`yes` for a TPM 2.0 (`swtpm`), which Windows 11 asks for."),
        (
            ["disk_bus"],
            "`virtio`, `sata`, `ide`, `scsi` (virtio) or `nvme`. `auto`: sata, and virtio where it is certain that the guest has its drivers."
        ),
        (
            ["network_card"],
            "`virtio`, `e1000e`, `e1000`, `rtl8139` or `none`. `auto`: e1000, and virtio where its drivers are certain."
        ),
        (["video"], "`std`, `virtio`, `qxl`, `vmware` or `ramfb`, without 3D. `auto`: std; virtio on arm64."),
        (["sound"], "`none`, `hda` or `ac97`: a device alone, which displays do not carry yet."),
        (["input"], "`tablet`, or `mouse` for guests that know no USB."),
        (["clock"], "`utc` or `localtime`. `auto`: local time for Windows."),
        (
            ["cpu_model", "machine_type"],
            "QEMU's names, for guests that need one. `auto`: the host's processor; `pc`, `q35` for UEFI, `virt` on arm64."
        ),
    ]
    static let keys = Set(documentation.flatMap(\.keys))

    /// The machine's name. A title may also be a path or an address; its last part is the name then.
    var name: String {
        title.contains("/") ? title.split(separator: "/").last.map(String.init) ?? "" : title
    }

    /// Where its file is; nil if the path leads up, out of the directory.
    func path(in directory: String) -> String? {
        Self.path(text("path") ?? (title.hasPrefix("/") ? title : name), directory)
    }

    private static func path(_ text: String, _ directory: String) -> String? {
        guard !text.split(separator: "/").contains("..") else { return nil }
        return text.hasPrefix("/") ? text : "\(directory)/\(text)"
    }

    /// The images besides its own: key and path.
    func attachments(in directory: String) -> [(key: String, path: String)] {
        ["disk2", "cdrom"].flatMap { key in
            (text(key) ?? "").split(separator: ",").map(\.trimmed).filter { !$0.isEmpty }.map { name in
                (key, Self.path(name, directory) ?? name)
            }
        }
    }

    /// An address as it may be shown and logged: without what may be a password or a signature.
    static func shown(url: String) -> String {
        var text = String(url.prefix { $0 != "?" && $0 != "#" })
        if let start = text.firstRange(of: "://")?.upperBound, let at = text[start...].lastIndex(of: "@") {
            text.replaceSubrange(start...at, with: "")
        }
        return text
    }

    /// Whether what an address leads to is packed, by its name: its sum is not that of what comes out of it.
    static func isPacked(url: String?) -> Bool {
        guard let url else { return false }
        return [".xz", ".gz", ".zst", ".zip", ".ova", ".tar"].contains { url.hasSuffix($0) }
    }

    /// Text of a key, nil if it is missing or empty.
    func text(_ key: String) -> String? {
        guard let text = values[key]?.text, !text.isEmpty else { return nil }
        return text
    }

    func warning(_ key: String, _ problem: String, _ advice: String) -> CatalogueWarning {
        CatalogueWarning(
            file: file, line: values[key]?.line ?? line, machine: name, problem: problem, advice: advice)
    }
}

extension Catalogue {
    /// The keys of a section and what each means.
    package static var keys: [(keys: [String], meaning: String)] { CatalogueSection.documentation }
}
