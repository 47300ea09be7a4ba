package import Domain

/// How a session stands in its hash.
extension Session {
    /// Answers nil when there is no such session or its state is none we know.
    init?(id: SessionID, fields: [String: String]) {
        guard let state = fields["state"].flatMap(SessionState.init(rawValue:)) else { return nil }
        self.init(id: id, state: state, request: SessionRequest(fields: fields))
        take(fields)
        createdAt = fields["created_at"].flatMap { Int64($0) } ?? 0
        job = fields["job"].flatMap { JobID($0) }
        revision = fields["rev"].flatMap { Int($0) } ?? 0
    }

    /// Becomes what an event of its log made of it. One that it knows of already changes nothing.
    package mutating func take(_ event: SessionEvent) {
        state = event.state
        take(event.fields)
    }

    /// Takes over what is among the fields; an empty one stands for nothing.
    private mutating func take(_ fields: [String: String]) {
        func text(_ name: String, _ set: (String?) -> Void) {
            if let value = fields[name] { set(value.isEmpty ? nil : value) }
        }
        func number(_ name: String, _ set: (Int) -> Void) { text(name) { set($0.flatMap { Int($0) } ?? 0) } }
        func time(_ name: String, _ set: (Int64?) -> Void) {
            text(name) { set($0.flatMap { Int64($0) }.flatMap { $0 == 0 ? nil : $0 }) }
        }
        text("host") {
            host = $0
            hostName = $0
        }
        text("host_name") { hostName = $0 ?? host }
        number("fence") { fence = $0 }
        number("attempt") { attempt = $0 }
        text("step") { step = $0.flatMap(SessionStep.init(rawValue:)) }
        text("reason") { reason = $0.flatMap(EndReason.init(rawValue:)) }
        text("detail") { detail = $0 }
        text("wanted") { stopRequested = $0 == "stopped" }
        text("display") { displayReady = $0 == "ready" }
        text("display_url") { displayURL = $0 }
        text("accelerator") { accelerator = $0 }
        text("ready") { desktop = Desktop(field: $0 ?? "") }
        text("scripts") { lines in
            scripts = (lines ?? "").split(separator: "\n").compactMap { BootScriptResult(line: $0) }
        }
        text("folders") { lines in folders = (lines ?? "").split(separator: "\n").compactMap { SessionFolder($0) } }
        time("started_at") { startedAt = $0 }
        time("expires_at") { expiresAt = $0 }
        time("ended_at") { endedAt = $0 }
        text("mail") { mail = $0 }
    }
}

extension Session.Desktop {
    init(field: String) {
        let words = field.split(separator: ":")
        self =
            words.first == "waits" ? .comes(usually: words.last.flatMap { Int($0) }.map { .milliseconds($0) }) : .there
    }

    var field: String {
        switch self {
        case .there: ""
        case .comes(nil): "waits"
        case .comes(let usually?): "waits:\(usually.milliseconds)"
        }
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
        if !tags.isEmpty { fields.append(("tags", ownTags.joined(separator: "\n"))) }
        if !machineOptions.isEmpty { fields.append(("machine_options", machineOptions.joined(separator: "\n"))) }
        if let host { fields.append(("only_host", host)) }
        if usesMaster { fields.append(("use_master", "1")) }
        if let image { fields.append(("image_path", image)) }
        if !groups.isEmpty { fields.append(("groups", groups.joined(separator: "\n"))) }
        if isForAnyMachine { fields.append(("any_machine", "1")) }
        if isOwnerKnown { fields.append(("owner_known", "1")) }
        if let seal { fields.append(("seal", seal)) }
        if !wantsFolders { fields.append(("no_folders", "1")) }
        if hasScript { fields.append(("script", "1")) }
        if let title { fields.append(("title", title)) }
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
        host = fields["only_host"]
        image = fields["image_path"]
        groups = (fields["groups"] ?? "").split(separator: "\n").map(String.init)
        isForAnyMachine = fields["any_machine"] == "1"
        isOwnerKnown = fields["owner_known"] == "1"
        seal = fields["seal"]
        wantsFolders = fields["no_folders"] != "1"
        hasScript = fields["script"] == "1"
        title = fields["title"].flatMap { $0.isEmpty ? nil : $0 }
        usesMaster = fields["use_master"] == "1"
        machineOptions = (fields["machine_options"] ?? "").split(separator: "\n").map(String.init)
    }

    /// The same for a file of a host, from which the request can be made again.
    package var record: [String: String] {
        Dictionary(fields.map { ($0.name, $0.value) }) { first, _ in first }
    }

    package init(record: [String: String]) { self.init(fields: record) }

    /// What stands before a host's own tags, so that none is taken for a machine.
    static let tagPrefix = "tag:"

    private var ownTags: [String] { tags.map { Self.tagPrefix + $0 } }

    /// Those that need the same wait under this text; the script `placement.lua` reads it.
    package var needs: String {
        let amounts = Resource.allCases.map { "\(resources[$0])" }.joined(separator: " ")
        // By the first one hosts are found, so the rarest comes first.
        let machine = image == nil ? "\(usesMaster ? "master" : "machine"):\(machine)" : nil
        let named = [host.map { Placement.Verdict.hostPrefix + $0 }, machine]
        return "\(amounts) " + (named.compactMap(\.self) + ownTags).joined(separator: "\n")
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
