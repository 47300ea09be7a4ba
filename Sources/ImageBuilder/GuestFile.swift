/// A text of ours that becomes a file of the guest.
struct GuestFile: Sendable {
    var content: [UInt8]
    var path: String
    var isProgram = false

    init(_ content: [UInt8], _ path: String) {
        self.content = content
        self.path = path
    }

    init(program content: [UInt8], _ path: String) {
        self.content = content
        self.path = path
        isProgram = true
    }

    init(text: String, _ path: String) {
        self.init(Array(text.utf8), path)
    }

    /// Runs once in the finished tree, then removes itself.
    static let finishImage = "/finish-image"

    /// The first program of the guest, in the first root file system.
    static var initialProgram: [UInt8] { PackageResources.initrd_init_sh }

    static var all: [GuestFile] { settings + units + programs }

    private static var settings: [GuestFile] {
        [
            GuestFile(text: "desktop\n", "/etc/hostname"),
            GuestFile(text: "127.0.0.1 localhost desktop\n::1 localhost\n", "/etc/hosts"),
            GuestFile(text: "user ALL=(ALL) NOPASSWD: ALL\n", "/etc/sudoers.d/user"),
            GuestFile(PackageResources.xorg_conf, "/etc/X11/xorg.conf.d/10-desktop.conf"),
            GuestFile(PackageResources.jwmrc_xml, "/etc/jwm/system.jwmrc"),
            GuestFile(PackageResources.dhcp_rules, "/etc/udev/rules.d/80-dhcp.rules"),
            GuestFile(PackageResources.viewer_rules, "/etc/udev/rules.d/80-viewer.rules"),
            GuestFile(PackageResources.spice_vdagentd_txt, "/etc/default/spice-vdagentd"),
            GuestFile(PackageResources.system_conf, "/etc/systemd/system.conf.d/desktop.conf"),
            GuestFile(PackageResources.journald_conf, "/etc/systemd/journald.conf.d/desktop.conf"),
            GuestFile(PackageResources.Xresources_txt, "\(directory)/Xresources"),
            GuestFile(PackageResources.acpid_conf, "\(directory)/acpid.conf"),
            GuestFile(PackageResources.acpi_map, "\(directory)/acpi.map"),
        ]
    }

    private static var units: [GuestFile] {
        [
            ("desktop.target", PackageResources.desktop_target),
            ("desktop.service", PackageResources.desktop_service),
            ("desktop-devices.service", PackageResources.desktop_devices_service),
            ("rest-of-system.service", PackageResources.rest_of_system_service),
            ("dhcp@.service", PackageResources.dhcp__service),
            ("power-button.service", PackageResources.power_button_service),
            ("boot-script.service", PackageResources.boot_script_service),
            ("clipboard.service", PackageResources.clipboard_service),
            ("systemd-udev-trigger.service.d/desktop.conf", PackageResources.coldplug_conf),
        ].map { GuestFile($0.1, "/etc/systemd/system/\($0.0)") }
    }

    private static var programs: [GuestFile] {
        [
            (finishImage, PackageResources.finish_image_sh),
            ("\(directory)/devices", PackageResources.desktop_devices_sh),
            ("\(directory)/session", PackageResources.desktop_session_sh),
            ("\(directory)/user-session", PackageResources.desktop_user_session_sh),
            ("\(directory)/ready", PackageResources.desktop_ready_sh),
            ("\(directory)/welcome", PackageResources.welcome_sh),
            ("\(directory)/announce", PackageResources.desktop_announce_sh),
            ("\(directory)/dhcp-lease", PackageResources.dhcp_lease_sh),
            ("\(directory)/fit-screen", PackageResources.fit_screen_sh),
            ("\(directory)/boot-script", PackageResources.boot_script_sh),
            // busybox acpid looks for its actions in the directory of its configuration.
            ("\(directory)/PWRF", PackageResources.power_off_sh),
        ].map { GuestFile(program: $0.1, $0.0) }
    }

    private static let directory = "/usr/local/lib/desktop"
}
