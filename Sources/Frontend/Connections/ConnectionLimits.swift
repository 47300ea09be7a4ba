/// What connections of strangers may take of this process.
///
/// The time limits are those of a client that is slow, not of one that works: a request's head is a few hundred bytes and
/// a body at most 64 KiB.
package struct ConnectionLimits: Sendable, Hashable {
    /// Connections in all. Each is a descriptor, and some 15 KB of memory.
    package var total: Int
    /// Connections from one IPv4 address, or from one /64 of IPv6.
    package var perAddress: Int
    /// Connections that were accepted and wait for their turn, beside those in all. As many as the system keeps, where
    /// descriptors allow it.
    package var waiting: Int
    /// Connections from this machine to itself that don't count among `total`, so that health checks are answered when
    /// strangers hold all the others.
    package var own = 16

    /// From the connection, or from the first byte of a further request, to the end of the request's head. TLS's handshake
    /// counts.
    package var head = Duration.seconds(10)
    /// Between requests.
    package var idle = Duration.seconds(60)
    /// For a request's body.
    package var body = Duration.seconds(30)
    /// Without a byte of a body that we are ready to read, or without a byte of an answer taken.
    package var stall = Duration.seconds(20)
    /// From the request's end to the answer's end. The longest answers are some hundred kilobytes.
    package var answer = Duration.seconds(300)
    /// For an event stream. Browsers come back for what they missed; what reads and says nothing does not hold on for ever.
    package var stream = Duration.seconds(3600)
    /// After the answer's end, until the client closes too.
    package var closing = Duration.seconds(5)

    /// What the system keeps until we accept it. It allows no more (listen(2)); beyond that a connection is dropped and tried
    /// again after a second.
    package static let backlog = 4096

    package init(total: Int = 4096, perAddress: Int = 256, waiting: Int = Self.backlog) {
        self.total = total
        self.perAddress = perAddress
        self.waiting = waiting
    }

    /// As wanted, but never so many that none of the descriptors is left for everything else.
    /// - Parameter descriptors: How many connections may take.
    package init(total: Int, perAddress: Int, descriptors: Int) {
        let most = descriptors - min(descriptors / 8, 1024)
        self.init(total: min(total, most), perAddress: min(perAddress, total, most))
        waiting = min(Self.backlog, descriptors - self.total)
    }

    /// Event streams in all, so that there is room for pages beside them.
    var streams: Int { max(1, total / 2) }
    /// Event streams of one person, or of one address where nobody signs in.
    var streamsPerClient: Int { max(1, perAddress / 2) }
}
