import CLinux
import Glibc

/// An open file descriptor that is closed with its last owner.
package final class Descriptor: @unchecked Sendable {
    // Proof: `number` changes only in `take`, which a single owner calls once when it hands the descriptor on, and deinit.
    package private(set) var number: CInt

    package init(_ number: CInt) {
        self.number = number
    }

    /// A file without a name, in memory, that is read from its beginning.
    package static func memory(_ content: [UInt8] = []) throws(ProcessError) -> Descriptor {
        let number = memfd_create("qwd", UInt32(1))  // MFD_CLOEXEC
        guard number >= 0 else {
            throw ProcessError(.system, "Can't make a file in memory: \(String(cString: strerror(errno)))")
        }
        let file = Descriptor(number)
        guard pwrite(number, content, content.count, 0) == content.count else {
            throw ProcessError(.system, "Can't write a file in memory: \(String(cString: strerror(errno)))")
        }
        return file
    }

    /// Hands the descriptor to somebody else, who closes it.
    package func take() -> CInt {
        defer { number = -1 }
        return number
    }

    deinit {
        if number >= 0 { close(number) }
    }
}
