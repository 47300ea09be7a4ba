/// What a person asks for.
package struct SessionRequest: Sendable, Hashable {
    package var owner: PersonName
    package var machine: String
    package var cpu: Int
    package var memoryMiB: Int
    /// Size of the scratch disk of an ISO machine.
    package var diskGiB: Int
    /// Longest life in seconds, counted from the moment it runs. Zero means without end.
    package var lifetimeSeconds: Int
    /// Whether the session ends when its one viewer leaves.
    package var oneShot: Bool
    /// Where mails about the session go; nil for none.
    package var email: String?

    package init(
        owner: PersonName, machine: String, cpu: Int, memoryMiB: Int, diskGiB: Int, lifetimeSeconds: Int, oneShot: Bool,
        email: String? = nil
    ) {
        self.owner = owner
        self.machine = machine
        self.cpu = cpu
        self.memoryMiB = memoryMiB
        self.diskGiB = diskGiB
        self.lifetimeSeconds = lifetimeSeconds
        self.oneShot = oneShot
        self.email = email
    }
}
