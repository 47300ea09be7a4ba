extension Settings {
    package struct Machines: Sendable, Equatable {
        /// Absolute path of the master images.
        package var directory = HostEnvironment.systemStateDirectory + "/machines"
        /// Absolute paths of the catalogue's files; a later file wins.
        package var catalogue = [systemCatalogue, HostEnvironment.systemStateDirectory + "/machines/machines.conf"]

        /// Directory or address from which workers take images that they lack; nil: they offer what they have.
        package var store: String?
        /// A proxy for downloads; nil: none but what the environment says.
        package var proxy: String?

        static let systemCatalogue = "/etc/qwd/machines.conf"

        static let keys: [SettingsKey] = [
            SettingsKey(
                "machines.directory", \.machines.directory, .absolutePath,
                default: .derived("`<state_dir>/machines`") { settings, _ in settings.stateDir + "/machines" },
                "Master images and ISO files."),
            SettingsKey(
                "machines.catalogue", \.machines.catalogue, .list(of: .absolutePath),
                default: .derived("`[/etc/qwd/machines.conf, <machines.directory>/machines.conf]`") { settings, _ in
                    [systemCatalogue, settings.machines.directory + "/machines.conf"]
                },
                "Files that name the machines of the form, in INI format. A later file wins; one may be missing."),
            SettingsKey(
                "machines.store", \.machines.store, .optional(.text),
                "A directory, or an address of HTTP(S), that has the images of all machines by their file names. A worker that lacks one takes it from there when a session needs it. Empty: hosts offer what they have."
            ),
            SettingsKey(
                "machines.proxy", \.machines.proxy, .optional(.text),
                "A proxy for downloads, as `http://proxy:3128`. Empty: what `https_proxy` says."),
        ]
    }
}
