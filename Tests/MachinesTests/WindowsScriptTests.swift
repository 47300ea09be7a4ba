@testable import Catalogue
import Domain
import Glibc
@testable import Hypervisor
@testable import Machines
import Processes
import Testing

/// Boot scripts that the real libguestfs puts into disks of Windows, and refuses to put into others.
@Suite(
    .timeLimit(.minutes(5)), .serialized,
    .enabled(if: LinuxGuest.hasAppliance, "there is no appliance: scripts/setup test"))
struct WindowsScriptTests {
    /// Makes a session's disk and lets libguestfs prepare it.
    private func customize(
        _ path: String, kitchen: ImageKitchen, batchScripts: [String] = [], bootScript: String? = nil,
        hasService: Bool = true, _ body: (String) throws -> Void = { _ in }
    ) async throws {
        let (root, tools) = ("/tmp/qwd-windows-\(UInt32.random(in: 0...UInt32.max))", kitchen.path("tools"))
        defer { Files.remove(root) }
        try Files.makeDirectory(tools)
        if hasService { try Files.write("a stand-in", to: "\(tools)/rhsrvany.exe") }
        for place in [kitchen.directory, tools, "\(tools)/rhsrvany.exe"] { chmod(place, 0o755) }
        let paths = HostPaths(runtime: "\(root)/r", state: "\(root)/s")
        let hypervisor = makeHypervisor(paths, windowsTools: tools)
        var specification = MachineSpecification(
            session: SessionID(milliseconds: 1), fence: 1, machine: try Machine(file: path), cpu: 1, memoryMiB: 256,
            diskGiB: 1)
        specification.machine.inject = .firstboot
        (specification.batchScripts, specification.bootScript) = (batchScripts, bootScript)
        try await hypervisor.makeSnapshot(specification)
        try await hypervisor.customizeDisk(specification)
        try body(paths.session(specification.session).overlay)
    }

    @Test func `are put into it in their order, with the service that runs them, and one for sh is not`() async throws {
        let kitchen = try ImageKitchen()
        let disk = try WindowsDisk(kitchen)
        #expect(try Machine(file: disk.path).system == .windows)
        let scripts = (1...11).map { "@echo off\nrem \($0)\necho \"50%%\" ^& \u{FC}\n" }
        try await customize(disk.path, kitchen: kitchen, batchScripts: scripts) { overlay in
            let found = try disk.look(into: overlay)
            #expect(found.scripts.map(\.text) == scripts.map { $0.replacing("\n", with: "\r\n") })
            #expect(found.scripts.allSatisfy { $0.name.hasSuffix(".bat") })
            #expect(found.services.contains("firstboot") && found.services.contains("rhsrvany.exe"))
        }
        let error = await #expect(throws: MachineError.self) {
            try await customize(disk.path, kitchen: kitchen, bootScript: "#!/bin/sh\n:\n")
        }
        #expect(error?.detail.contains("there is no /bin/sh on its disk") == true, "\(error?.detail ?? "")")
        #expect(error?.detail.contains("if(machine!=") == true)
    }

    @Test func `are not put into a Linux`() async throws {
        let kitchen = try ImageKitchen()
        let path = try LinuxGuest.make(kitchen, modules: [], commands: "", second: try LinuxGuest.installed(kitchen))
        let error = await #expect(throws: MachineError.self) {
            try await customize(path, kitchen: kitchen, batchScripts: ["@echo off\n"])
        }
        #expect(error?.detail.contains("there is no Windows on its disk") == true, "\(error?.detail ?? "")")
    }

    @Test func `need a program that Debian has not`() async throws {
        let kitchen = try ImageKitchen()
        let path = try kitchen.write("plain.img", DiskBytes.mbr([(type: 7, first: 2048, count: 2048)]), length: 4 << 20)
        let error = await #expect(throws: MachineError.self) {
            try await customize(path, kitchen: kitchen, batchScripts: ["@echo off\n"], hasService: false)
        }
        #expect(error?.detail.contains("\(kitchen.path("tools"))/rhsrvany.exe") == true, "\(error?.detail ?? "")")
        #expect(error?.detail.contains("build it from https://") == true)
    }
}
