import Glibc

/// Sockets in the file system.
package enum UnixSocket {
    /// Listens at `path`; an old socket there is removed.
    package static func listen(at path: String) throws(ProcessError) -> Descriptor {
        unlink(path)
        let descriptor = try make(path)
        let bound = try address(path) { bind(descriptor.number, $0, $1) }
        guard bound == 0, chmod(path, 0o600) == 0, Glibc.listen(descriptor.number, 8) == 0 else {
            throw failure("listen at", path)
        }
        return descriptor
    }

    /// Connects to `path`; a listener's backlog answers, so this never waits.
    package static func connect(to path: String) throws(ProcessError) -> Descriptor {
        let descriptor = try make(path)
        guard try address(path, { Glibc.connect(descriptor.number, $0, $1) }) == 0 else {
            throw failure("connect to", path)
        }
        return descriptor
    }

    /// Two sockets that are connected to each other.
    package static func pair() throws(ProcessError) -> (Descriptor, Descriptor) {
        var ends: [CInt] = [-1, -1]
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw failure("make a pair of", "sockets") }
        return (Descriptor(ends[0]), Descriptor(ends[1]))
    }

    /// Sends a descriptor with an empty line, for whoever reads the other end.
    package static func send(_ descriptor: Descriptor, through socket: Descriptor) throws(ProcessError) {
        // What cmsg(3)'s macros make of one descriptor: they are none for Swift. The space ends with padding.
        let header = MemoryLayout<cmsghdr>.stride
        let control = UnsafeMutableRawPointer.allocate(byteCount: header + 8, alignment: 8)
        defer { control.deallocate() }
        var first = cmsghdr()
        first.cmsg_len = header + MemoryLayout<CInt>.size
        first.cmsg_level = SOL_SOCKET
        first.cmsg_type = CInt(SCM_RIGHTS)
        control.copyMemory(from: &first, byteCount: header)
        control.storeBytes(of: descriptor.number, toByteOffset: header, as: CInt.self)
        var line = UInt8(ascii: "\n")
        let sent = withUnsafeMutablePointer(to: &line) { pointer in
            var piece = iovec(iov_base: pointer, iov_len: 1)
            return withUnsafeMutablePointer(to: &piece) { pieces in
                var message = msghdr()
                message.msg_iov = pieces
                message.msg_iovlen = 1
                message.msg_control = control
                message.msg_controllen = header + 8
                return sendmsg(socket.number, &message, CInt(MSG_NOSIGNAL))
            }
        }
        guard sent == 1 else { throw failure("send", "a descriptor") }
    }

    /// How many may wait at a listening socket to be accepted, whoever else listens there.
    package static func wait(for count: CInt, at listener: Descriptor) throws(ProcessError) {
        guard Glibc.listen(listener.number, count) == 0 else { throw failure("listen at", "a socket") }
    }

    private static func make(_ path: String) throws(ProcessError) -> Descriptor {
        let number = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw failure("make a socket for", path) }
        return Descriptor(number)
    }

    private static func address(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) throws(ProcessError) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw ProcessError(
                .system, "The socket path \(path) is too long: at most 107 bytes. Choose a shorter runtime_dir.")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func failure(_ what: String, _ path: String) -> ProcessError {
        ProcessError(.system, "Can't \(what) \(path): \(String(cString: strerror(errno)))")
    }
}
