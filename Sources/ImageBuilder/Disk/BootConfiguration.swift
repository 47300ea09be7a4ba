/// What the boot loader is told.
enum BootConfiguration {
    static let rootLabel = "qwd-desktop"

    /// Options of the kernel. Most of them only spare time under emulation.
    static let commandLine = [
        // Nothing but the DESKTOP-READY line on the serial port, nothing at all on the screen.
        "quiet", "loglevel=3", "systemd.show_status=0", "vt.global_cursor_default=0", "console=ttyS0", "console=tty0",
        // A guest has one user's programs in it, and the host guards itself.
        "mitigations=off",
        // Two thirds of a second of self tests.
        "cryptomgr.notests",
        // QEMU's clock needs no calibration; its processor no patches for a single CPU.
        "tsc=reliable", "no_timer_check", "noreplace-smp",
        "random.trust_cpu=on",
        // The network is eth0, whatever slot its card is in.
        "net.ifnames=0",
    ]

    static let syslinux = """
        DEFAULT desktop
        PROMPT 0
        TIMEOUT 0
        LABEL desktop
          KERNEL vmlinuz
          INITRD initrd.img
          APPEND \(commandLine.joined(separator: " "))

        """
}
