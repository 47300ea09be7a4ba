import FoundationEssentials
import Processes

/// The files that let a card be bound to vfio-pci from the start of this host on: what each becomes, from what it was before
/// qwd came and all cards that are bound. So a card more or less gives the same as if it had been so from the beginning.
struct BootConfiguration {
    let record: BindRecord
    let tree: HostTree

    static let modprobe = "/etc/modprobe.d/qwd-vfio.conf"
    static let initramfs = "/etc/initramfs-tools/modules"
    static let modulesLoad = "/etc/modules-load.d/qwd-vfio.conf"
    static let rules = "/etc/udev/rules.d/70-qwd-vfio.rules"
    private static let title = "# Written by qwd gpu bind, and removed by qwd gpu unbind.\n"

    /// The files that no one else has: what stands there without a record is left from somewhere.
    static let ours = [modprobe, modulesLoad, rules]

    private var hasInitramfs: Bool { Files.exists("\(tree.root)/etc/initramfs-tools") }
    private var hasGrub: Bool { Files.exists(tree.root + GrubDefaults.path) }

    /// In the order in which they are written.
    var paths: [String] {
        [Self.modprobe, hasInitramfs ? Self.initramfs : Self.modulesLoad]
            + (record.editsBootParameters && hasGrub ? [GrubDefaults.path] : []) + [Self.rules]
    }

    var parameters: [KernelParameter] {
        // Devices that stay with this host need no translation, which costs time.
        [Processor(cpuinfo: "\(tree.root)/proc/cpuinfo").parameter, KernelParameter(key: "iommu", value: "pt")]
            .compactMap(\.self)
    }

    /// What must be done by hand.
    var notes: [String] {
        guard record.editsBootParameters, !hasGrub else { return [] }
        let words = parameters.map(\.description).joined(separator: " ")
        return ["\(GrubDefaults.path) is not there: give the kernel \(words) in the way of this host's boot loader."]
    }

    /// What a file becomes.
    /// - Parameter before: What it was without qwd; nil if it was not there.
    func content(of path: String, before: Data?) throws(GraphicsCardsError) -> Data? {
        if record.cards.isEmpty { return before }
        switch path {
        case Self.modprobe: return Data(options.utf8)
        case Self.modulesLoad: return Data((Self.title + "vfio-pci\n").utf8)
        case Self.rules:
            return Data((Self.title + "SUBSYSTEM==\"vfio\", GROUP=\"\(record.userGroup)\", MODE=\"0660\"\n").utf8)
        case Self.initramfs: return Data(Self.addModules(to: try Self.text(before, path)).utf8)
        default:
            try checkGrubDirectory()
            return Data(try GrubDefaults.add(parameters, to: try Self.text(before, path)).utf8)
        }
    }

    private var options: String {
        let identifiers = Set(record.functions.map(\.identifier)).sorted().map(\.description)
        let modules = Set(record.functions.compactMap(\.module)).sorted()
        return Self.title + "options vfio-pci ids=\(identifiers.joined(separator: ","))\n"
            + modules.map { "softdep \($0) pre: vfio-pci\n" }.joined()
    }

    private static func addModules(to text: String) -> String {
        let lines = text.utf8.split(separator: 10).map { String(Substring($0)) }
        let present = lines.compactMap { $0.split(whereSeparator: \.isWhitespace).first }
        guard !present.contains(where: { $0 == "vfio-pci" || $0 == "vfio_pci" }) else { return text }
        return text + (text.isEmpty || text.hasSuffix("\n") ? "" : "\n") + title + "vfio\nvfio_iommu_type1\nvfio_pci\n"
    }

    private static func text(_ data: Data?, _ path: String) throws(GraphicsCardsError) -> String {
        guard let text = String(validating: data ?? Data(), as: UTF8.self) else {
            throw GraphicsCardsError(
                .unsupported, "\(path) is no text in UTF-8, so it is left alone. Correct it first.")
        }
        return text
    }

    /// Files there are read after `/etc/default/grub` and would make the edit vain.
    private func checkGrubDirectory() throws(GraphicsCardsError) {
        for name in Files.names(in: "\(tree.root)/etc/default/grub.d").sorted() where name.hasSuffix(".cfg") {
            let path = "/etc/default/grub.d/\(name)"
            let lines = (Files.read(tree.root + path) ?? "").split(separator: "\n")
            guard lines.contains(where: { GrubDefaults.assigns($0) && !$0.contains("$") }) else { continue }
            let words = parameters.map(\.description).joined(separator: " ")
            throw GraphicsCardsError(
                .unsupported,
                "\(path) sets \(GrubDefaults.variable) anew, whatever \(GrubDefaults.path) says. Add \(words) there by hand,"
                    + " run update-grub, and bind with --no-boot-parameters.")
        }
    }

    /// What must run after these files have changed.
    func commands(after changed: Set<String>) -> [Edit] {
        var commands: [Edit] = []
        // The initial file system has copies of what is in modprobe.d.
        if hasInitramfs, !changed.isDisjoint(with: [Self.modprobe, Self.initramfs]) {
            commands.append(.command(["update-initramfs", "-u"]))
        }
        if changed.contains(GrubDefaults.path) { commands.append(.command(["update-grub"])) }
        if changed.contains(Self.rules) { commands.append(.command(["udevadm", "control", "--reload"])) }
        return commands
    }
}
