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

    package var cpu: Int { resources.cpu }
    package var memoryMiB: Int { resources.memoryMiB }
    package var diskGiB: Int { resources.diskGiB }
}
