import Catalogue
import Settings

extension ManualPage {
    /// qwd.yaml(5), of the table of keys.
    static func configuration() -> ManualPage {
        var page = ManualPage("qwd.yaml", 5, "the configuration of qwd")
        page.heading("DESCRIPTION")
        page.paragraph(
            "Where values come from, the later winning over the earlier, key by key: the defaults; `/etc/qwd/qwd.yaml`, or the file "
                + "that `--config` names; `qwd.d/*.yaml` beside it in the order of their names; variables of the environment; `--set`."
        )
        page.paragraph(
            "A file is plain YAML, of which nothing is evaluated. `qwd config check` names every error at once, `qwd config show` "
                + "prints what is in effect and where each value came from, `qwd config edit` changes the file.")
        page.paragraph(
            "`qwd config show --defaults` prints the whole file with every key as a comment. One decision has no default: how "
                + "people sign in (`auth.methods`).")
        page.example(["auth:", "  methods: [local]", "  admins: [alice]", "frontend:", "  listen: 0.0.0.0:8080"])
        page.heading("KEYS")
        var section: String?
        for key in SettingsSchema.keys {
            if key.section != section { page.subheading(key.section.isEmpty ? "Outside of any section" : key.section) }
            section = key.section
            page.item(
                key.name,
                [key.meaning, "It takes \(key.expected). Default: \(key.defaultText).", "Variable: `\(key.variable)`."])
        }
        page.seeFamily()
        return page
    }

    /// machines.conf(5), of the catalogue's table of keys.
    static func catalogue() -> ManualPage {
        var page = ManualPage("machines.conf", 5, "the machines that qwd offers")
        page.heading("DESCRIPTION")
        page.paragraph(
            "A file in INI format with a section for each machine, called like its image in `machines.directory`. Files that "
                + "`machines.catalogue` names are read one after the other; of two sections of one name the later wins."
        )
        page.paragraph(
            "A change is seen within seconds, without a restart. `qwd machine refresh` names every error, `qwd machine edit` opens the "
                + "file, `qwd machine show` says what a machine is made of, and why.")
        page.example([
            "[debian-desktop.qcow2]", "title=Debian desktop", "description=A window manager, a terminal, a network",
        ])
        page.heading("KEYS")
        for entry in Catalogue.keys { page.item(entry.keys.joined(separator: ", "), [entry.meaning]) }
        page.seeFamily()
        return page
    }
}
