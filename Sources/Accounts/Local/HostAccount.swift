import Glibc

/// The accounts of this host, from wherever the name service has them (nsswitch.conf(5)).
enum HostAccount {
    /// A name as its account has it, or nil if there is none. Blocks.
    /// - Throws: `AccountsError` `.unavailable` if the name service can't say.
    static func name(of user: String) throws(AccountsError) -> String? {
        var buffer = [CChar](repeating: 0, count: 1024)
        while true {
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            let failure = getpwnam_r(user, &entry, &buffer, buffer.count, &found)
            switch failure {
            case 0:
                // Its texts are in the buffer.
                guard let found, let name = found.pointee.pw_name else { return nil }
                guard let text = String(validatingCString: name) else {
                    throw AccountsError(.badConfiguration, "The name of the account \(user) is no UTF-8.")
                }
                return text
            case ERANGE where buffer.count < 1 << 20: buffer = [CChar](repeating: 0, count: 4 * buffer.count)
            case EINTR: continue
            // getpwnam(3): what some name services say of a name that is not there.
            case ENOENT, ESRCH, EBADF, EPERM: return nil
            default:
                throw AccountsError(
                    .unavailable, "The accounts of this host can't be read: \(String(cString: strerror(failure))).")
            }
        }
    }
}
