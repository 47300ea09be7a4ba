internal import Glibc

/// Many plain connections at once, none of which ever blocks: strangers who hold on to what they have.
package final class Crowd {
    package init() {}

    /// POLLRDHUP of poll(2).
    private static let ended: Int16 = 0x2000

    package private(set) var sockets: [Int32] = []

    deinit { leave() }

    /// - Parameters:
    ///   - addresses: How many addresses of 127.0.0.0/8 they come from, one after the other.
    ///   - first: The last part of the first address.
    ///   - receive: Bytes that the system keeps for each of them, or nil for its default.
    package func join(_ count: Int, port: Int, addresses: Int = 1, first: Int = 2, receive: Int32? = nil) throws {
        for number in 0..<count {
            let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            guard socket >= 0 else { throw Failure(call: "socket", code: errno) }
            sockets.append(socket)
            if var receive {
                setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &receive, socklen_t(MemoryLayout<Int32>.size))
            }
            let place = first + number % addresses
            guard Self.call(bind, socket, 127 << 24 | UInt32(place >> 8) << 16 | UInt32(place & 255), 0) == 0 else {
                throw Failure(call: "bind", code: errno)
            }
            // On loopback it returns as soon as the system has it, whatever the server does.
            guard Self.call(connect, socket, 127 << 24 | 1, port) == 0 else {
                throw Failure(call: "connect", code: errno)
            }
        }
    }

    private static func call(
        _ function: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32, _ socket: Int32, _ address: UInt32,
        _ port: Int
    ) -> Int32 {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = address.bigEndian
        name.sin_port = in_port_t(port).bigEndian
        return withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                function(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// What fits is sent, the rest is dropped.
    package func say(_ text: String, to range: Range<Int>? = nil) {
        let bytes = Array(text.utf8)
        for socket in sockets[range ?? sockets.indices] {
            _ = Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
    }

    /// Those whose connection the server has not ended. Takes nothing of what it sent.
    package var open: Int {
        sockets.count { socket in
            var status = pollfd(fd: socket, events: Self.ended, revents: 0)
            return poll(&status, 1, 0) == 0
        }
    }

    package func leave() {
        for socket in sockets { close(socket) }
        sockets = []
    }

    package struct Failure: Error {
        package var call: String
        package var code: Int32
    }

    /// Descriptors of this process whose connections came to a port of this process. Others come and go by themselves: a
    /// Redis connection is opened when it is first needed.
    package static func accepted(at port: Int) -> Int {
        guard let directory = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let descriptor = Int32(name), isAccepted(descriptor, at: port) { count += 1 }
        }
        return count
    }

    private static func isAccepted(_ descriptor: Int32, at port: Int) -> Bool {
        var name = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard result == 0, name.sin_family == sa_family_t(AF_INET), name.sin_port.bigEndian == port else {
            return false
        }
        var listens: Int32 = 0
        length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length)
        return listens == 0
    }

    /// Resident memory of this process in KiB.
    package static var memory: Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, 256, file) != nil else { return 0 }
        let words = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).split(
            separator: " ")
        return (words.count > 1 ? Int(words[1]) ?? 0 : 0) * 4
    }

    /// Sets the soft limit of descriptors of this process, and of those that it starts from now on.
    /// - Parameter soft: Nil for as many as are allowed.
    package static func setDescriptorLimit(_ soft: UInt? = nil) {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = soft.map { min(rlim_t($0), limit.rlim_max) } ?? limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
