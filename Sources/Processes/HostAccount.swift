import Glibc

/// Somebody's account on this host, from wherever the name service has it (nsswitch.conf(5)).
package struct HostAccount: Sendable, Hashable {
    /// As the name service spells it; nil if that is no UTF-8.
    package var name: String?
    package var userID: UInt32
    package var groupID: UInt32

    /// The account of a name, or nil if there is none. Blocks.
    /// - Throws: `.system` if the name service can't say.
    package static func find(_ user: String) throws(ProcessError) -> HostAccount? {
        var buffer = [CChar](repeating: 0, count: 1024)
        while true {
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            let failure = getpwnam_r(user, &entry, &buffer, buffer.count, &found)
            switch failure {
            case 0:
                // Its texts are in the buffer.
                guard let found, let name = found.pointee.pw_name else { return nil }
                return HostAccount(
                    name: String(validatingCString: name), userID: found.pointee.pw_uid, groupID: found.pointee.pw_gid)
            case ERANGE where buffer.count < 1 << 20: buffer = [CChar](repeating: 0, count: 4 * buffer.count)
            case EINTR: continue
            // getpwnam(3): what some name services say of a name that is not there.
            case ENOENT, ESRCH, EBADF, EPERM: return nil
            default:
                throw ProcessError(
                    .system, "The accounts of this host can't be read: \(String(cString: strerror(failure))).")
            }
        }
    }
}
