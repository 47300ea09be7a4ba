extension ReferenceKey {
    /// How displays are reached.
    static let displays: [ReferenceKey] = [
        ReferenceKey(
            name: "service_port", fate: .changed, ours: ["display.listen"],
            note:
                "On loopback, until `display.listen` says otherwise: a proxy passes displays on, or browsers come directly."
        ) { value, _ throws(Refusal) in [("display.listen", "127.0.0.1:\(try port(value))".yaml)] },
        dropped("service_port_vnc", "Displays are Unix sockets on their host."),
        dropped("service_port_multiple", "One port is enough for all displays; each has a token of its own."),
        dropped(
            "service_reverse_proxy",
            "Name the proxy's address for displays in `display.public_url`, and the proxy in `proxies`."),
        ReferenceKey(
            name: "certificate_crt", fate: .carried, ours: ["tls.certificate"],
            note: "For pages and displays; together with the key."
        ) { value, all throws(Refusal) in try certificate(value, beside: "certificate_key", all, "tls.certificate") },
        ReferenceKey(
            name: "certificate_key", fate: .carried, ours: ["tls.key"], note: "Only its owner may read it (mode 0600)."
        ) { value, all throws(Refusal) in try certificate(value, beside: "certificate_crt", all, "tls.key") },
    ]

    private static func certificate(
        _ value: PerlValue, beside other: String, _ all: ReferenceConfiguration, _ ours: String
    ) throws(Refusal) -> Values {
        guard let path = value.text else { throw Refusal("it is a list") }
        if path.isEmpty { return [] }
        guard all.text(other) != nil else { throw Refusal("there is no \(other) beside it") }
        return [(ours, path.yaml)]
    }

    /// The form and the pages.
    static let pages: [ReferenceKey] = [
        list("layout_cpu", .carried, "form.cpu", "What the form offers.") { Int($0).map { "\($0)" } },
        list("layout_memory", .carried, "form.memory_gib", "What the form offers, in GiB.") { Double($0)?.shortText },
        list("layout_lifetime", .changed, "form.lifetime", "Days become durations.") { text in
            Double(text).flatMap { Int(exactly: ($0 * 86400).rounded()) }.map { duration(seconds: $0) }
        },
        dropped("layout_gpu", "The form asks for a graphics card where a host has one for guests."),
        dropped("layout_level", "The pages say what matters; details unfold."),
        dropped("layout_title", "The pages have their own words."),
        dropped("layout_header", "The pages have their own words."),
        dropped("layout_footer", "The pages have their own words."),
        dropped(
            "layout_resize", "A guest takes the size that its viewer asks for where it can, else the picture is scaled."
        ),
    ]

    /// What was no configuration, and what the program set itself.
    static let switches: [ReferenceKey] =
        [
            ("service_monitor", "`qwd status`."), ("session_stop", "`qwd stop ID`."),
            ("session_extend", "The session's page."),
            ("session_purge", "`qwd stop --all`."), ("service_purge", "`qwd stop --all`."),
        ].map { dropped($0.0, "A command: \($0.1)") }
        + ["gpu_pci", "gpu_model", "gpu_name", "version", "http", "server_name", "session_nb"].map {
            dropped($0, "The program set it itself.")
        } + [dropped("service_max_instance_nb", "No version read it.")]
}
