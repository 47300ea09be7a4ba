/// How a boot script comes into a guest, as `inject=` of a machine's section has it.
package enum Injection: String, Sendable, Hashable, CaseIterable {
    /// By all of the others at once; the script itself sees to it that it runs once.
    case auto
    /// QEMU's firmware configuration device, which the desktop that we build reads.
    case firmware = "fw_cfg"
    /// A disk as cloud-init looks for (NoCloud).
    case seed
    /// A credential of systemd (systemd.system-credentials(7)), of which systemd-tmpfiles makes files: the script, and a line for
    /// cron that runs it.
    case credential
    /// The guest's agent (qemu-guest-agent), which writes a file and runs it.
    case agent
    /// A service that libguestfs puts into the session's disk before the machine starts (virt-customize(1), --firstboot). It takes
    /// some tens of seconds, so `auto` leaves it out.
    case firstboot
    /// By none of them.
    case none

    /// Whether it is one of the ways.
    package func includes(_ way: Injection) -> Bool { self == .auto && way != .firstboot || self == way }
}
