import Domain

/// How a session stands in its hash.
extension Session {
    /// Answers nil when there is no such session or its state is none we know.
    init?(id: SessionID, fields: [String: String]) {
        func text(_ name: String) -> String? { fields[name].flatMap { $0.isEmpty ? nil : $0 } }
        func number(_ name: String) -> Int { fields[name].flatMap { Int($0) } ?? 0 }
        func time(_ name: String) -> Int64? { fields[name].flatMap { Int64($0) }.flatMap { $0 == 0 ? nil : $0 } }

        guard let state = text("state").flatMap(SessionState.init(rawValue:)) else { return nil }
        self.init(id: id, state: state, request: SessionRequest(fields: fields))
        job = text("job").flatMap { JobID($0) }
        host = text("host")
        hostName = text("host_name") ?? host
        fence = number("fence")
        attempt = number("attempt")
        step = text("step").flatMap(SessionStep.init(rawValue:))
        reason = text("reason").flatMap(EndReason.init(rawValue:))
        detail = text("detail")
        stopRequested = text("wanted") == "stopped"
        displayReady = text("display") == "ready"
        displayURL = text("display_url")
        accelerator = text("accelerator")
        createdAt = time("created_at") ?? 0
        startedAt = time("started_at")
        expiresAt = time("expires_at")
        endedAt = time("ended_at")
        mail = text("mail")
        revision = number("rev")
    }
}

extension SessionRequest {
    /// What is asked for, as it passes unchanged from who asks to who does it. A further wish is one more line here and below;
    /// no script knows of it.
    var fields: [(name: String, value: String)] {
        var fields = [
            ("owner", owner.text), ("machine", machine), ("lifetime_s", "\(lifetimeSeconds)"),
            ("one_shot", oneShot ? "1" : "0"),
        ]
        fields += Resource.allCases.map { ($0.rawValue, "\(resources[$0])") }
        if let email { fields.append(("email", email)) }
        return fields
    }

    init(fields: [String: String]) {
        func number(_ name: String) -> Int { fields[name].flatMap { Int($0) } ?? 0 }
        self.init(
            owner: PersonName(recorded: fields["owner"] ?? ""), machine: fields["machine"] ?? "",
            resources: Resources(fields: fields),
            tags: (fields["tags"] ?? "").split(separator: "\n").map { String($0.trimmingPrefix(Self.tagPrefix)) },
            lifetimeSeconds: number("lifetime_s"), oneShot: fields["one_shot"] == "1",
            email: fields["email"].flatMap { $0.isEmpty ? nil : $0 })
    }

    /// What stands before a host's own tags, so that none is taken for a machine.
    static let tagPrefix = "tag:"

    /// What the request's host must have besides room and the machine, one a line.
    var tagLines: String { tags.map { Self.tagPrefix + $0 }.joined(separator: "\n") }

    /// Those that need the same wait under this text; the script `placement.lua` reads it.
    var needs: String {
        let amounts = Resource.allCases.map { "\(resources[$0])" }.joined(separator: " ")
        return "\(amounts) machine:\(machine)" + (tags.isEmpty ? "" : "\n\(tagLines)")
    }
}

extension Resources {
    /// - Parameter suffix: What stands behind a resource's name, `_capacity` or `_reserved` in a host's hash.
    init(fields: [String: String], suffix: String = "") {
        self.init()
        for resource in Resource.allCases {
            self[resource] = fields[resource.rawValue + suffix].flatMap { Int($0) } ?? 0
        }
    }
}
