import FoundationEssentials

extension Settings {
    package struct Machines: Sendable, Equatable {
        /// Absolute path of the master images.
        package var directory = Surroundings.systemStateDirectory + "/machines"
        /// Absolute paths of the catalogue's files; a later file wins.
        package var catalogue = [systemCatalogue]

        static let systemCatalogue = "/etc/qwd/machines.conf"

        static let keys: [SettingsKey] = [
            SettingsKey(
                "machines.directory", \.machines.directory, .absolutePath,
                default: .derived("`<state_dir>/machines`") { settings, _ in settings.stateDir + "/machines" },
                "Master images and ISO files."),
            SettingsKey(
                "machines.catalogue", \.machines.catalogue, .list(of: .absolutePath),
                default: .derived(
                    "`[/etc/qwd/machines.conf]`, and `<machines.directory>/machines.conf` if there is one"
                ) { settings, _ in
                    let own = settings.machines.directory + "/machines.conf"
                    return FileManager.default.fileExists(atPath: own) ? [systemCatalogue, own] : [systemCatalogue]
                },
                "Files that name the machines of the form, in INI format. A later file wins."),
        ]
    }
}
