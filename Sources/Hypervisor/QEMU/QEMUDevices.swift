import Catalogue

/// QEMU's options for the devices of a machine, and the controllers that these need.
struct QEMUDevices {
    private(set) var arguments: [String] = []
    private let shape: MachineShape
    private let doors: InheritedDescriptors
    /// Places of the machine's own IDE controller that are taken; of q35's SATA controller, which has its name.
    private var ide = 0
    private var sata = 0
    private var controllers: Set<String> = []

    init(_ shape: MachineShape, _ doors: InheritedDescriptors) {
        self.shape = shape
        self.doors = doors
        for device in shape.devices { add(device) }
    }

    private mutating func device(_ words: String...) {
        arguments += ["-device", words.filter { !$0.isEmpty }.joined(separator: ",")]
    }

    private mutating func add(_ device: MachineShape.Device) {
        switch device {
        case .disk(let content, let bus, let order): disk(content.node, bus, Self.boot(order))
        case .cdrom(let content, let order): cdrom(content.node, Self.boot(order))
        case .network(let card): network(card)
        case .video(let card): video(card)
        case .sound(let card): sound(card)
        case .input(let input): self.input(input)
        case .tpm:
            arguments += ["-chardev", "socket,id=tpm,fd=\(doors.number(of: .tpm))"]
            arguments += ["-tpmdev", "emulator,id=tpm,chardev=tpm"]
            self.device(shape.architecture == .amd64 ? "tpm-crb" : "tpm-tis-device", "tpmdev=tpm")
        case .balloon: self.device("virtio-balloon-pci", "free-page-reporting=on")
        case .random: self.device("virtio-rng-pci")
        case .panicNotifier: self.device("pvpanic")
        case .serial:
            arguments += ["-chardev", doors.socket("console", doors.number(of: .console))]
            arguments += ["-serial", "chardev:console"]
        // SeaBIOS and QEMU's document of isa-debugcon have this port.
        case .firmwareLog:
            // A guest may write there without end, and this device waits for its other end with QEMU's lock held.
            arguments += ["-chardev", "ringbuf,id=firmware,size=65536"]
            self.device("isa-debugcon", "iobase=0x402", "chardev=firmware")
        case .agents: agents()
        case .folder(let tag): folder(tag)
        }
    }

    private static func boot(_ order: Int?) -> String { order.map { "bootindex=\($0)" } ?? "" }

    private var isPC: Bool { shape.architecture == .amd64 && !shape.type.contains("q35") }

    private mutating func disk(_ node: String, _ bus: MachineHardware.DiskBus, _ boot: String) {
        switch bus {
        case .virtio: device("virtio-blk-pci", "drive=\(node)", boot)
        case .nvme: device("nvme", "drive=\(node)", "serial=qwd-\(node)", boot)
        case .scsi:
            controller("virtio-scsi-pci", "scsi")
            device("scsi-hd", "bus=scsi.0", "drive=\(node)", boot)
        case .ide where ide < 4: device("ide-hd", idePlace(), "drive=\(node)", boot)
        case .ide, .sata: device("ide-hd", sataPlace(), "drive=\(node)", boot)
        }
    }

    private mutating func cdrom(_ node: String, _ boot: String) {
        if shape.architecture == .arm64 {
            controller("virtio-scsi-pci", "scsi")
            device("scsi-cd", "bus=scsi.0", "drive=\(node)", boot)
        } else {
            device("ide-cd", isPC && ide < 4 ? idePlace() : sataPlace(), "drive=\(node)", boot)
        }
    }

    /// The next place of a PC's two channels. The second one first, where a CD always was.
    private mutating func idePlace() -> String {
        defer { ide += 1 }
        return "bus=ide.\((ide + 1) % 2),unit=\(ide / 2)"
    }

    private mutating func sataPlace() -> String {
        defer { sata += 1 }
        if !isPC { return "bus=ide.\(sata)" }
        controller("ich9-ahci", "sata")
        return "bus=sata.\(sata)"
    }

    private mutating func controller(_ driver: String, _ id: String) {
        if controllers.insert(id).inserted { device(driver, "id=\(id)") }
    }

    private mutating func network(_ card: MachineHardware.NetworkCard) {
        switch card {
        case .none: break
        // Without the card's own program, which would only look for a network to start from.
        case .virtio: device("virtio-net-pci", "netdev=net", "romfile=")
        case .e1000e, .e1000, .rtl8139: device(card.rawValue, "netdev=net", "romfile=")
        }
    }

    private mutating func video(_ card: MachineHardware.VideoCard) {
        switch card {
        case .std: device("VGA")
        case .virtio: device(shape.architecture == .amd64 ? "virtio-vga" : "virtio-gpu-pci")
        case .qxl: device("qxl-vga")
        case .vmware: device("vmware-svga")
        case .ramfb: device("ramfb")
        }
    }

    private mutating func sound(_ card: MachineHardware.SoundCard) {
        guard card != .none else { return }
        arguments += ["-audiodev", "none,id=audio"]
        switch card {
        case .none: break
        case .ac97: device("AC97", "audiodev=audio")
        case .hda:
            device("intel-hda")
            device("hda-duplex", "audiodev=audio")
        }
    }

    private mutating func input(_ input: MachineHardware.InputDevice) {
        switch (shape.architecture, input) {
        // Its PS/2 keyboard and mouse are parts of a PC.
        case (.amd64, .mouse): break
        case (.amd64, .tablet):
            arguments.append("-usb")
            device("usb-tablet")
        case (.arm64, _):
            device("qemu-xhci")
            device("usb-kbd")
            device(input == .tablet ? "usb-tablet" : "usb-mouse")
        }
    }

    private mutating func folder(_ tag: String) {
        let place = shape.folders.firstIndex(of: tag) ?? 0
        arguments += ["-chardev", "socket,id=folder\(place),fd=\(doors.number(of: .folder(place)))"]
        device("vhost-user-fs-pci", "chardev=folder\(place)", "tag=\(tag)")
    }

    private mutating func agents() {
        device("virtio-serial-pci")
        arguments += ["-chardev", doors.socket("agent", doors.number(of: .agent))]
        device("virtserialport", "chardev=agent", "id=agent", "name=org.qemu.guest_agent.0")
        // QEMU itself is the other end of the clipboard: what viewers copy comes by VNC.
        // Its mouse is on by itself and would take the pointer from the tablet as soon as the guest has a vdagent.
        arguments += ["-chardev", "qemu-vdagent,id=clipboard,clipboard=on,mouse=off"]
        device("virtserialport", "chardev=clipboard", "name=com.redhat.spice.0")
    }
}

extension MachineShape.DiskContent {
    fileprivate var node: String {
        switch self {
        case .image(let place, _): "master\(place.rawValue)"
        case .master: "disk"
        case .overlay(let place, _): "disk\(place.rawValue)"
        }
    }
}
