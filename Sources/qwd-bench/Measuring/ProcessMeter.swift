import Glibc
import Processes

/// What the kernel says about processes. One that is gone counts as nothing.
enum ProcessMeter {
    struct Memory: Sendable {
        /// Pages in memory, those shared with others divided by the number of those.
        var pssMB = 0.0
        /// Pages in memory, shared ones counted in each process.
        var rssMB = 0.0

        static func + (left: Memory, right: Memory) -> Memory {
            Memory(pssMB: left.pssMB + right.pssMB, rssMB: left.rssMB + right.rssMB)
        }
    }

    static func memory(_ pids: [pid_t]) -> Memory {
        pids.map(memory).reduce(Memory(), +)
    }

    private static func memory(_ pid: pid_t) -> Memory {
        var memory = Memory()
        for line in (Files.read("/proc/\(pid)/smaps_rollup") ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 2, let kibibytes = Double(words[1]) else { continue }
            if words[0] == "Pss:" { memory.pssMB = kibibytes * 1024 / 1e6 }
            if words[0] == "Rss:" { memory.rssMB = kibibytes * 1024 / 1e6 }
        }
        return memory
    }

    /// Processor time that processes have used, and the children that they waited for.
    static func processorTime(_ pids: [pid_t]) -> Duration {
        let ticks = pids.map(ticks).reduce(0, +)
        return .seconds(1) * (Double(ticks) / Double(sysconf(CInt(_SC_CLK_TCK))))
    }

    private static func ticks(_ pid: pid_t) -> Int {
        // proc(5): the name in parentheses may have spaces; utime, stime, cutime and cstime are the fields 14 to 17.
        guard let text = Files.read("/proc/\(pid)/stat"), let name = text.lastIndex(of: ")") else { return 0 }
        return text[name...].split(separator: " ").dropFirst(12).prefix(4).compactMap { Int($0) }.reduce(0, +)
    }

    /// All other processes for which `isWanted` says yes to their command line and the environment they started with.
    static func all(_ isWanted: (_ line: String, _ environment: String) -> Bool) -> [pid_t] {
        Files.names(in: "/proc").compactMap { pid_t($0) }.filter { pid in
            // Ours alone can be read if we are not root, and a process may be gone by now.
            pid != getpid() && isWanted(commandLine(pid), Files.read("/proc/\(pid)/environ") ?? "")
        }
    }

    static func commandLine(_ pid: pid_t) -> String {
        Files.read("/proc/\(pid)/cmdline") ?? ""
    }
}
