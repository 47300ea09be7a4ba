import Foundation
import Processes
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ControlGroupTests {
    private let root = NSTemporaryDirectory() + "qwd-cgroup-\(UUID().uuidString.prefix(8))"
    private let limits = ControlGroup.Limits(memoryBytes: 64 << 20, processes: 7, weight: 200)

    private func write(_ text: String, _ path: String) throws {
        try Files.makeDirectory(URL(filePath: "\(root)/\(path)").deletingLastPathComponent().path())
        try Data(text.utf8).write(to: URL(filePath: "\(root)/\(path)"))
    }

    private func read(_ path: String) -> String? { Files.read("\(root)/\(path)") }

    @Test func `version 1 has a group in each hierarchy that may be written`() throws {
        for hierarchy in ["memory/a/b", "pids"] {
            for file in ["memory.limit_in_bytes", "pids.max", "cgroup.procs"] {
                try write("", "\(hierarchy)/qwd-s1/\(file)")
            }
        }
        let parents = ControlGroupParents(
            membership: "4:memory:/a/b\n8:pids:/\n1:cpu,cpuacct:/nowhere\n0::/\n",
            mounts: """
                30 23 0:26 / \(root)/memory rw,nosuid - cgroup cgroup rw,memory
                31 23 0:27 / \(root)/pids rw - cgroup cgroup rw,pids
                32 23 0:28 / \(root)/cpu rw - cgroup cgroup rw,cpu,cpuacct

                """)
        #expect(parents.controllers == ["memory", "pids"])
        #expect(ControlGroup("s1", in: parents).hold(41, limits) == [])
        #expect(read("memory/a/b/qwd-s1/memory.limit_in_bytes") == "67108864")
        #expect(read("pids/qwd-s1/pids.max") == "7")
        #expect(read("pids/qwd-s1/cgroup.procs") == "41")
        Files.remove(root)
    }

    @Test func `version 2 is divided where the group is ours alone, and left alone where it is not`() throws {
        let membership = "0::/system.slice/qwd.service\n"
        let mounts = "30 23 0:26 / \(root) rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
        let group = "system.slice/qwd.service"
        try write("cpuset cpu io memory pids\n", "\(group)/cgroup.controllers")
        try write("", "\(group)/cgroup.subtree_control")
        try write("1\n\(getpid())\n", "\(group)/cgroup.procs")
        #expect(ControlGroupParents(membership: membership, mounts: mounts).controllers == [])
        #expect(read("\(group)/cgroup.subtree_control") == "")

        try write("\(getpid())\n", "\(group)/cgroup.procs")
        try write("", "\(group)/qwd-worker/cgroup.procs")
        let parents = ControlGroupParents(membership: membership, mounts: mounts)
        #expect(parents.controllers == ["cpu", "memory", "pids"])
        #expect(read("\(group)/qwd-worker/cgroup.procs") == "\(getpid())")
        #expect(read("\(group)/cgroup.subtree_control") == "+cpu +memory +pids")
        for file in ["memory.max", "pids.max", "cpu.weight", "cgroup.procs"] {
            try write("", "\(group)/qwd-s1/\(file)")
        }
        #expect(ControlGroup("s1", in: parents).hold(41, limits) == [])
        #expect(read("\(group)/qwd-s1/memory.max") == "67108864")
        #expect(read("\(group)/qwd-s1/cpu.weight") == "200")
        Files.remove(root)
    }

    @Test func `machines get parts of the group beside ours, where there is one`() throws {
        let mounts = "30 23 0:26 / \(root) rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
        let (own, beside) = ("system.slice/qwd-worker.service", "system.slice/\(ControlGroupParents.machines)")
        for (group, processes) in [(own, "\(getpid())\n"), (beside, "")] {
            try write("memory pids cpu\n", "\(group)/cgroup.controllers")
            try write("", "\(group)/cgroup.subtree_control")
            try write(processes, "\(group)/cgroup.procs")
        }
        let parents = ControlGroupParents(membership: "0::/\(own)\n", mounts: mounts)
        #expect(parents.controllers == ["cpu", "memory", "pids"])
        #expect(read("\(beside)/cgroup.subtree_control") == "+memory +pids +cpu")
        // systemd could not start the worker again in a group that is divided.
        #expect(read("\(own)/cgroup.subtree_control") == "" && read("\(own)/cgroup.procs") == "\(getpid())\n")
        #expect(!Files.exists("\(root)/\(own)/qwd-worker"))
        Files.remove(root)
    }

    @Test func `the least limit around our machines is the memory that they have`() throws {
        let (one, two) = (
            "30 23 0:26 / \(root)/memory rw - cgroup cgroup rw,memory\n",
            "30 23 0:26 / \(root) rw - cgroup2 cgroup2 rw\n"
        )
        try write("9223372036854771712\n", "memory/memory.limit_in_bytes")
        #expect(GroupMemory(membership: "4:memory:/\n8:pids:/\n", mounts: one) == nil)
        try write("1073741824\n", "memory/a/memory.limit_in_bytes")
        try write("600\n", "memory/a/memory.usage_in_bytes")
        try write("cache 700\ninactive_file 9\ntotal_inactive_file 200\ntotal_active_file 9\n", "memory/a/memory.stat")
        try write("9223372036854771712\n", "memory/a/b/memory.limit_in_bytes")
        let first = GroupMemory(membership: "4:memory:/a/b\n", mounts: one)
        #expect(first?.limit == 1 << 30 && first?.free == (1 << 30) - 391)

        // Of version 2 the group of the machines counts, not that of who starts them, nor the mount above all.
        for (group, limit) in [
            ("slice/\(ControlGroupParents.machines)", "max"), ("slice/qwd-worker.service", "1000"),
            ("slice", "2097152"),
        ] {
            try write("\(limit)\n", "\(group)/memory.max")
            try write("7\n", "\(group)/memory.current")
            try write("", "\(group)/cgroup.procs")
        }
        let second = GroupMemory(membership: "0::/slice/qwd-worker.service\n", mounts: two)
        #expect(second?.limit == 2 << 20 && second?.free == (2 << 20) - 7)
        // A group whose memory is not counted hides none around it, and the least limit is not always the least room.
        Files.remove("\(root)/slice/qwd-machines.service/memory.max")
        try write("4194304\n", "slice/memory.max")
        try write("4194000\n", "slice/memory.current")
        try write("2097152\n", "slice/qwd-worker.service/memory.max")
        let third = GroupMemory(membership: "0::/slice/qwd-worker.service/sub\n", mounts: two)
        #expect(third?.limit == 2 << 20 && third?.free == 304)
        #expect(GroupMemory(membership: "", mounts: "") == nil)
        Files.remove(root)
    }

    @Test(.enabled(if: !ControlGroupParents().controllers.isEmpty, "no control group may be changed here"))
    func `a real group holds a process and goes when that has ended`() async throws {
        let parents = ControlGroupParents()
        let group = ControlGroup("test-\(UInt32.random(in: 0...UInt32.max))", in: parents)
        let process = try await DetachedProcess.start(Program("sleep", ["60"], package: "coreutils"))
        #expect(group.hold(process.pid, limits) == [])
        let membership = try #require(Files.read("/proc/\(process.pid)/cgroup"))
        #expect(membership.contains("/qwd-test-"))
        _ = await process.kill()
        // The kernel lets go of a process when it is reaped.
        while Files.read("/proc/\(process.pid)/stat") != nil { await Task.yield() }
        group.remove()
        #expect(!Files.names(in: "/sys/fs/cgroup/pids").contains { $0.hasPrefix("qwd-test-") })
    }
}
