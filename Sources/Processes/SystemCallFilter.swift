import CLinux
import Glibc

/// System calls that the kernel answers to a program as if the file system had no such thing (seccomp(2)).
package struct SystemCallFilter: Sendable, Hashable {
    private let refused: [UInt32]

    /// A program takes room of a disk by writing alone. What it reserves (fallocate(2)) no limit of a file's size would bound.
    package static let noReservedRoom = SystemCallFilter(refused: [UInt32(SYS_fallocate)])

    /// The filter as bubblewrap reads it (bwrap(1), --seccomp): the instructions of a classic BPF program, which looks at the
    /// kernel's `seccomp_data`: the call's number, then what processor's number it is.
    func file() throws(ProcessError) -> Descriptor {
        let (load, compare, answer) = (
            UInt16(BPF_LD | BPF_W | BPF_ABS), UInt16(BPF_JMP | BPF_JEQ | BPF_K), UInt16(BPF_RET)
        )
        let rest = UInt8(refused.count)
        var program = [
            sock_filter(code: load, jt: 0, jf: 0, k: 4),
            // Numbers of another processor's calls mean something else, and no program of ours makes such.
            sock_filter(code: compare, jt: 0, jf: rest + 2, k: native_audit_arch),
            sock_filter(code: load, jt: 0, jf: 0, k: 0),
        ]
        for (place, call) in refused.enumerated() {
            program.append(sock_filter(code: compare, jt: rest - UInt8(place), jf: 0, k: call))
        }
        program += [
            sock_filter(code: answer, jt: 0, jf: 0, k: SECCOMP_RET_ALLOW),
            sock_filter(code: answer, jt: 0, jf: 0, k: SECCOMP_RET_ERRNO | UInt32(EOPNOTSUPP)),
        ]
        return try .memory(program.withUnsafeBytes { Array($0) })
    }
}
