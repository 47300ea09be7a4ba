import Domain
import FoundationEssentials
import Glibc
package import Processes

/// What tells this host from every other one, also from one of the same name: a random id, made once in its state directory.
package enum HostIdentity {
    /// The id, made now if there is none yet.
    ///
    /// A copy of the whole host, as of a virtual machine, is another host: the file also names the host that it was made for
    /// (machine-id(5)), and one that was made for another host is replaced.
    package static func id(
        in stateDirectory: String, machine: String = Files.read("/etc/machine-id") ?? ""
    ) throws(ProcessError) -> String {
        let path = "\(stateDirectory)/host-id"
        let machine = machine.filter { $0.isLetter || $0.isNumber }
        let words = (Files.read(path) ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
        if let id = words.first, id.count == 12, words.count == 1 || words[1] == machine || machine.isEmpty {
            return id
        }
        let id = Crockford32.random(12)
        try Files.makeDirectory(stateDirectory)
        try Files.write("\(id) \(machine)\n", to: path)
        return id
    }
}
