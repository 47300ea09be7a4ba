import Domain
import FoundationEssentials
import Glibc
package import Processes
package import Queue

/// What tells this host from every other one, also from one of the same name: a random id, made once in its state directory.
package enum HostIdentity {
    /// The id, made now if there is none yet. It goes where the directory goes: a host whose disk was moved into another machine
    /// is still that host. Of two copies that live, the second is refused by the queue, which compares their places.
    package static func id(in stateDirectory: String) throws(ProcessError) -> String {
        if let id = known(in: stateDirectory) { return id }
        let id = Crockford32.random(12)
        try Files.makeDirectory(stateDirectory)
        try Files.write("\(id)\n", to: file(stateDirectory))
        return id
    }

    /// The id, or nil if there is none yet.
    package static func known(in stateDirectory: String) -> String? {
        let words = (Files.read(file(stateDirectory)) ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
        return words.first.flatMap { $0.count == 12 ? $0 : nil }
    }

    /// Where this host is: what differs between it and a copy of its directory on this machine (the file of the id), of its disk
    /// in another machine (machine-id(5)), and of the whole machine, ids and all (the run of the kernel).
    package static func place(of stateDirectory: String) -> HostPlace {
        var status = stat()
        let known = stat(file(stateDirectory), &status) == 0
        let words =
            ["/etc/machine-id", "/proc/sys/kernel/random/boot_id"].map { path in
                (Files.read(path) ?? "").filter { $0.isLetter || $0.isNumber }
            } + (known ? ["\(status.st_dev)", "\(status.st_ino)"] : [])
        var name = utsname()
        uname(&name)
        let node = withUnsafeBytes(of: &name.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return HostPlace(id: words.joined(separator: "-"), text: "\(node):\(stateDirectory)")
    }

    private static func file(_ stateDirectory: String) -> String { "\(stateDirectory)/host-id" }
}
