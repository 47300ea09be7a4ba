/// What a person asks for.
package struct SessionRequest: Sendable, Hashable {
    package var owner: PersonName
    package var machine: String
    /// What it needs of its host. The disk is the scratch disk of an ISO machine.
    package var resources: Resources
    /// What its host must have besides: names of `worker.tags`.
    package var tags: [String]
    /// Keys of its machine's section that have another value for this session, as `key=value`; for administrators.
    package var machineOptions: [String] = []
    /// Id of the one host that it may run on; nil for any that can.
    package var host: String?
    /// Whether it works on the machine's own disk, so that changes stay; for administrators. Needs `host`.
    package var usesMaster = false
    /// A disk or CD image of that host, by its path from the root, in place of a machine of its catalogue; for administrators. Needs
    /// `host`.
    package var image: String?
    /// The person's groups, for conditions of boot scripts.
    package var groups: [String] = []
    /// Whether an administrator asks for it, who may have every machine.
    package var isForAnyMachine = false
    /// Whether the owner has shown who he is: who has only typed a name gets nothing that belongs to it.
    package var isOwnerKnown = false
    /// Whether the guest gets the folders that its owner may have.
    package var wantsFolders = true
    /// What only those can have made of `rights` who know the service's secret: who may write to Redis gives nobody a session.
    package var seal: String?
    /// Whether a boot script of the person comes with it, in its payload.
    package var hasScript = false
    /// What people call the machine; nil for its name.
    package var title: String?
    /// Longest life in seconds, counted from the moment it runs. Zero means without end.
    package var lifetimeSeconds: Int
    /// Whether the session ends when its one viewer leaves.
    package var oneShot: Bool
    /// Where mails about the session go; nil for none.
    package var email: String?

    package init(
        owner: PersonName, machine: String, resources: Resources, tags: [String] = [], lifetimeSeconds: Int,
        oneShot: Bool, email: String? = nil
    ) {
        self.owner = owner
        self.machine = machine
        self.resources = resources
        self.tags = tags
        self.lifetimeSeconds = lifetimeSeconds
        self.oneShot = oneShot
        self.email = email
    }

    /// What pages and mails call the machine.
    package var machineTitle: String { title ?? machine }
    package var cpu: Int { resources.cpu }
    package var memoryMiB: Int { resources.memoryMiB }
    package var diskGiB: Int { resources.diskGiB }

    /// All of it that decides what a session may have and whose it is, as a text that no other such request has.
    package var rights: String {
        var words: [String] = []
        func add(_ name: String, _ values: [String]) {
            words += ["\(name) \(values.count)"] + values.map { "\($0.utf8.count) \($0)" }
        }
        add(isOwnerKnown ? "known" : "named", [owner.text] + groups)
        add("machine", [machine, wantsFolders ? "folders" : ""])
        if isForAnyMachine { add("any", []) }
        if usesMaster { add("master", [host ?? ""]) }
        if let image { add("image", [image, host ?? ""]) }
        if !machineOptions.isEmpty { add("options", machineOptions) }
        return words.joined(separator: "\n")
    }
}
