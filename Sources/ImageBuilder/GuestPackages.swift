/// What is installed in the guest.
enum GuestPackages {
    /// Debian packages, without recommended ones: those would triple the size.
    static let names = [
        // The system.
        "systemd-sysv", "udev", "kmod", "dbus", "apt", "ca-certificates", "sudo", "procps", "less", "nano",
        "iproute2", "iputils-ping", "busybox-static", "qemu-guest-agent",
        // The desktop.
        "xserver-xorg-core", "xserver-xorg-input-libinput", "xinit", "x11-xserver-utils", "jwm", "xterm", "xfe",
        "fonts-dejavu-core",
        // The clipboard of viewers. It is a program of GTK, whose settings need a bus: dbus-x11 is the small one.
        "spice-vdagent", "dbus-x11",
    ]

    /// Files that are left out, in dpkg's patterns: documentation; the parts of Mesa that draw with a GPU or compile
    /// shaders (140 MB), which a frame buffer does not use; pointers and large icons that come with GTK (26 MB).
    static let excludedPaths = [
        "/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*",
        "/usr/lib/x86_64-linux-gnu/libLLVM*", "/usr/lib/x86_64-linux-gnu/dri/*", "/usr/lib/udev/hwdb.d/*",
        "/usr/share/icons/Adwaita/cursors/*", "/usr/share/icons/Adwaita/32x32/*", "/usr/share/icons/Adwaita/48x48/*",
        "/usr/share/icons/Adwaita/64x64/*", "/usr/share/icons/Adwaita/96x96/*", "/usr/share/icons/Adwaita/256x256/*",
        "/usr/share/icons/Adwaita/512x512/*",
    ]

    /// The generic kernel. The one for clouds has no graphics, no mouse and no 9p.
    static let kernel = "linux-image-amd64"

    /// The modules that virtual hardware needs; with what they depend on, 8 MB of the kernel package's 400.
    static let modules = """
        virtio_pci virtio_mmio virtio_blk virtio_scsi virtio_net virtio_console virtio_balloon virtio_input virtio_rng
        ata_piix ahci sd_mod sr_mod nvme e1000 e1000e
        bochs qxl virtio-gpu vmwgfx cirrus
        psmouse evdev usbhid hid-generic xhci_pci ehci_pci uhci_hcd usb_storage
        ext4 vfat isofs overlay fuse virtiofs 9p 9pnet_virtio squashfs loop autofs4
        nls_ascii nls_cp437 nls_utf8 nls_iso8859-1
        qemu_fw_cfg button i6300esb configfs tun uinput
        """.split(whereSeparator: \.isWhitespace).map(String.init)

    /// Those of the first root file system, for the disk that QEMU is usually given. autofs4 and qemu_fw_cfg are what systemd
    /// loads first; here it costs a tenth of the time.
    static let firstModules = ["autofs4", "qemu_fw_cfg", "crc32c_generic", "ext4", "virtio_pci", "virtio_blk"]
    /// Those for other disks, loaded when there is no virtio disk.
    static let otherDiskModules = ["ata_piix", "ahci", "nvme", "virtio_scsi", "sd_mod"]
}
