import CLinux
import Domain
import Glibc
import Processes

/// What the kernel's routing tables say of this host (rtnetlink(7)).
struct HostRoutes: Sendable, Equatable {
    /// Addresses and networks that this host itself answers for, broadcasts too, whatever interface or rule they come from.
    var own: [IPNetwork] = []
    /// Whether there is a way out, over IPv4 or IPv6.
    var hasDefault = false

    /// Asks the kernel for all routes.
    static func read() throws(ProcessError) -> HostRoutes {
        let socket = try RouteSocket(groups: 0)
        var routes = HostRoutes()
        for family in [AF_INET, AF_INET6] {
            try socket.dump(family: UInt8(family)) { routes.add($0, attributes: $1) }
        }
        routes.own.sort { $0.description < $1.description }
        return routes
    }

    private mutating func add(_ route: rtmsg, attributes: [UInt16: [UInt8]]) {
        // Other tables are for packets that are routed by rule; `local` there may mean everything (TPROXY), which says nothing.
        if route.rtm_type == UInt8(RTN_LOCAL), route.rtm_dst_len > 0 { addOwn(route, attributes) }
        let table = attributes[UInt16(RTA_TABLE.rawValue)].map { $0.reversed().reduce(0) { $0 << 8 | Int($1) } }
        switch table ?? Int(route.rtm_table) {
        case Int(RT_TABLE_LOCAL.rawValue):
            let kinds = [RTN_BROADCAST, RTN_ANYCAST].map { UInt8($0) }
            if kinds.contains(route.rtm_type) { addOwn(route, attributes) }
        case Int(RT_TABLE_MAIN.rawValue):
            if route.rtm_dst_len == 0, route.rtm_type == UInt8(RTN_UNICAST) { hasDefault = true }
        default:
            break
        }
    }
}

extension HostRoutes {
    private mutating func addOwn(_ route: rtmsg, _ attributes: [UInt16: [UInt8]]) {
        let size = route.rtm_family == UInt8(AF_INET) ? 4 : 16
        let address = attributes[UInt16(RTA_DST.rawValue)] ?? [UInt8](repeating: 0, count: size)
        if let network = IPNetwork(bytes: address, prefixLength: Int(route.rtm_dst_len)), !own.contains(network) {
            own.append(network)
        }
    }
}

private let (RTN_UNICAST, RTN_LOCAL, RTN_BROADCAST, RTN_ANYCAST) = (1, 2, 3, 4)

/// A socket to the kernel's routing tables.
struct RouteSocket: Sendable {
    let descriptor: Descriptor

    /// - Parameter groups: What it is told of by itself: RTMGRP_ bits; zero for nothing.
    init(groups: UInt32) throws(ProcessError) {
        let number = socket(AF_NETLINK, CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue), CInt(NETLINK_ROUTE))
        guard number >= 0 else { throw Self.failure("open") }
        descriptor = Descriptor(number)
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        address.nl_groups = groups
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(number, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
            }
        }
        guard bound == 0 else { throw Self.failure("bind") }
    }

    /// Reads all routes of a family.
    func dump(family: UInt8, _ body: (rtmsg, [UInt16: [UInt8]]) -> Void) throws(ProcessError) {
        struct Request {
            var header = nlmsghdr()
            var route = rtmsg()
        }
        var request = Request()
        request.header.nlmsg_len = UInt32(MemoryLayout<Request>.size)
        request.header.nlmsg_type = UInt16(RTM_GETROUTE)
        request.header.nlmsg_flags = UInt16(NLM_F_REQUEST | 0x300)  // NLM_F_DUMP is no plain number in C.
        request.route.rtm_family = family
        guard send(descriptor.number, &request, MemoryLayout<Request>.size, 0) >= 0 else { throw Self.failure("ask") }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(descriptor.number, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("read") }
            if try Self.messages(in: buffer[..<count], body) { return }
        }
    }

    /// - Returns: Whether the last message was among them.
    private static func messages(
        in buffer: ArraySlice<UInt8>, _ body: (rtmsg, [UInt16: [UInt8]]) -> Void
    ) throws(ProcessError) -> Bool {
        var rest = buffer
        let (headerSize, routeSize) = (MemoryLayout<nlmsghdr>.size, MemoryLayout<rtmsg>.size)
        while rest.count >= headerSize {
            let header = rest.load(nlmsghdr.self)
            let length = Int(header.nlmsg_len)
            guard length >= headerSize, length <= rest.count else { break }
            if header.nlmsg_type == UInt16(NLMSG_DONE) { return true }
            if header.nlmsg_type == UInt16(NLMSG_ERROR) {
                throw ProcessError(.system, "The kernel does not tell its routes.")
            }
            if length >= headerSize + routeSize {
                let message = rest.prefix(length).dropFirst(headerSize)
                body(message.load(rtmsg.self), attributes(in: message.dropFirst(routeSize)))
            }
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return false
    }

    /// Type and value of each attribute (RFC 3549 2.3.2.1; aligned to 4 bytes).
    private static func attributes(in bytes: ArraySlice<UInt8>) -> [UInt16: [UInt8]] {
        var found: [UInt16: [UInt8]] = [:]
        var rest = bytes
        while rest.count >= 4 {
            let attribute = rest.load(rtattr.self)
            let length = Int(attribute.rta_len)
            guard length >= 4, length <= rest.count else { break }
            found[attribute.rta_type] = Array(rest.prefix(length).dropFirst(4))
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return found
    }

    private static func failure(_ what: String) -> ProcessError {
        ProcessError(.system, "Can't \(what) the kernel's routes: \(String(cString: strerror(errno)))")
    }
}

extension ArraySlice<UInt8> {
    fileprivate func load<Value: BitwiseCopyable>(_ type: Value.Type) -> Value {
        withUnsafeBytes { $0.loadUnaligned(as: type) }
    }
}
