extension ReferenceKey {
    /// Where things are.
    static let places: [ReferenceKey] = [
        dropped(
            "service", "The name of the service is no part of addresses here; `frontend.public_url` may have a path."),
        dropped("dir_html", "The pages are within the program."),
        dropped("dir_service", "`state_dir` is a directory of its own: nothing in the old one is one of our files."),
        text(
            "dir_machines", .carried, "machines.directory", "Images stay where they are; both services may read them."),
        dropped("dir_snapshots", "Disks of sessions are below `state_dir`."),
        dropped("dir_cfg", "What is known of sessions is in Redis."),
        text("dir_novnc", .carried, "display.novnc", "It must have `core/rfb.js`."),
        dropped("dir_websockify", "`qwd` carries displays itself."),
        dropped("service_logfile", "Messages go to the journal; `qwd audit` says who did what."),
        list(
            "dir_mounts", .changed, "mounts",
            "Guests may read these directories, and write to them only with `read_only: false`."
        ) {
            $0.hasPrefix("/") ? "{ path: \($0.yaml) }" : nil
        },
        text("service_proxy", .carried, "machines.proxy", "For downloads and scripts."),
    ]

    /// What a session gets.
    static let sessions: [ReferenceKey] = [
        ReferenceKey(
            name: "snapshot_lifetime", fate: .changed, ours: ["limits.lifetime", "defaults.lifetime"],
            note: "Seconds become a duration; 0 really is without end."
        ) { value, _ throws(Refusal) in
            guard let number = value.number, let seconds = Int(exactly: number), seconds >= 0 else {
                throw Refusal("it is no whole number of seconds")
            }
            return [("limits.lifetime", duration(seconds: seconds)), ("defaults.lifetime", duration(seconds: seconds))]
        },
        number("snapshot_alloc_cpu", .carried, "defaults.cpu", "The default of a session."),
        number("snapshot_alloc_mem", .carried, "defaults.memory_gib", "The default of a session, in GiB."),
        number("snapshot_alloc_disk", .carried, "defaults.disk_gib", "The scratch disk of an ISO machine, in GiB."),
        dropped("snapshot_use_master", "It is for one session, by an administrator: `qwd start NAME --use-master`."),
        ReferenceKey(
            name: "machine", fate: .carried, ours: ["defaults.machine"],
            note: "The machine that is chosen at first; `-` is none."
        ) { value, _ throws(Refusal) in
            guard let text = value.text else { throw Refusal("it is a list") }
            return text.isEmpty || text == "-" ? [] : [("defaults.machine", text.yaml)]
        },
        dropped("qemu_exec", "Found out from each image; `arch` in a machine's section says otherwise."),
        dropped("qemu_video", "`video` in a machine's section."),
        dropped(
            "qemu_exec_options",
            "Found out from each image; keys of a machine's section say otherwise, `qemu` any option."),
        dropped(
            "boot_delay",
            "Nothing is waited for by time; `ready` in a machine's section says how its desktop is noticed."),
        dropped("oneshot", "Chosen with each session, in the form or by `qwd start`."),
        ReferenceKey(
            name: "config_script", fate: .changed, ours: ["scripts.always"],
            note:
                "Scripts of the system's start. Conditions in Perl are not evaluated, and `virt-customize:` has other words: write these by hand, docs/scripts.md."
        ) { value, _ throws(Refusal) in
            for member in value.members {
                if member.hasPrefix("if(") || member.hasPrefix("if (") {
                    throw Refusal("a condition in Perl is not evaluated")
                }
                if member.hasPrefix("virt-customize:") {
                    throw Refusal("virt-customize: has other words: docs/scripts.md")
                }
            }
            let scripts = value.members.map(\.yaml)
            return scripts.isEmpty ? [] : [("scripts.always", "[\(scripts.joined(separator: ", "))]")]
        },
        number("service_max_script_length", .carried, "scripts.max_length", "Bytes of one script."),
    ]

    /// Who may have how much.
    static let limits: [ReferenceKey] = [
        share(
            "service_max_load", .changed, "limits.load",
            "The busy share of the last seconds counts, and not the load of 15 minutes."),
        number(
            "service_max_session_nb", .changed, "limits.sessions", "Exactly so many, of all hosts; the next one waits."),
        number(
            "service_max_session_nb_per_user", .changed, "limits.sessions_per_user", "Exactly so many; it was one more."
        ),
        share(
            "service_max_cpu_fraction_nb_per_user", .changed, "limits.cpu_fraction_per_user",
            "What is asked for counts too, of all hosts."),
        share(
            "service_max_mem_fraction_nb_per_user", .changed, "limits.memory_fraction_per_user",
            "A share of all memory, and not of what is free; what is asked for counts too."),
        number("service_max_gpu_nb_per_user", .changed, "gpu.per_user", "Exactly so many; it was one more."),
        ReferenceKey(
            name: "gpu_blacklist", fate: .carried, ours: ["gpu.block"],
            note: "PCI addresses, or kinds such as `10de:1b80`."
        ) { value, _ in
            let cards = value.members.flatMap { $0.split { $0 == "," || $0.isWhitespace } }.map { String($0).yaml }
            return cards.isEmpty ? [] : [("gpu.block", "[\(cards.joined(separator: ", "))]")]
        },
        dropped(
            "fallback_servers", "Hosts are workers around one Redis (`redis.url`), and each takes what it has room for."
        ),
    ]

    /// A share of a whole; what is one or more was no limit.
    private static func share(_ name: String, _ fate: Fate, _ ours: String, _ note: String) -> ReferenceKey {
        ReferenceKey(name: name, fate: fate, ours: [ours], note: "\(note) 1 and more is no limit.") {
            value, _ throws(Refusal) in
            guard let number = value.number else { throw Refusal("it is no number") }
            return [(ours, number >= 1 ? "0" : number.shortText)]
        }
    }
}
