import Domain
import Foundation
import Processes
import Testing

/// As whom the programs of a real service run, what they see, and what they know.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct ServiceProcessTests {
    @Test(.enabled(if: geteuid() == 0, "only root can give programs users of their own"))
    func `the display gateway has no rights, and of the service it sees the displays whose tokens it knows`()
        async throws
    {
        let service = try RunningService()
        try await service.start()
        let id = try await service.create()
        try #require(try await service.settled(id).state == .running)
        let gateway = try #require(
            ProcessHandle(pidFile: "\(service.runtime)/gateway.pid", mark: "\(service.runtime)/tokens"))
        // It answers: so all that starts it is over.
        let peer = try Peer.connect(port: service.displayPort, saying: "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(peer.answer().hasPrefix("HTTP/1.1 "))

        let process = "/proc/\(gateway.pid)"
        let status = (Files.read("\(process)/status") ?? "").split(separator: "\n").map {
            $0.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        }
        func field(_ name: String) -> String? { status.first { $0[0] == name }?[1] }
        let user = try #require(field("Uid")).split(separator: "\t")
        #expect(Set(user).count == 1 && user.first != "0")
        #expect(field("Gid") == field("Uid"))
        for rights in ["CapEff", "CapPrm", "CapInh", "CapAmb"] {
            #expect(field(rights) == "0000000000000000", "\(rights)")
        }
        #expect(field("NoNewPrivs") == "1")
        for kind in ["mnt", "pid", "ipc", "user", "uts"] {
            let namespace = try #require(Files.target(of: "\(process)/ns/\(kind)"))
            #expect(namespace != Files.target(of: "/proc/self/ns/\(kind)"), "\(kind)")
        }

        #expect(Files.names(in: "\(process)/root\(service.runtime)") == ["tokens"])
        for path in [
            service.state, "\(service.runtime)/redis.sock", "\(service.runtime)/sessions", "/etc/passwd", "/root",
        ] {
            #expect(access(path, F_OK) == 0, "\(path) is here")
            #expect(access("\(process)/root\(path)", F_OK) != 0, "\(path)")
        }
        let tokens = "\(service.runtime)/tokens"
        let token = try #require(Files.names(in: tokens).first)
        func tried(_ program: String, _ path: String) async throws -> Bool {
            try await ForegroundProcess.run(
                Program(
                    "nsenter",
                    [
                        "--target", "\(gateway.pid)", "--mount", "setpriv", "--reuid", "\(user[0])", "--regid",
                        "\(user[0])", "--clear-groups", program, path,
                    ], package: "util-linux")
            ).isSuccess
        }
        #expect(try await tried("stat", "\(tokens)/\(token)"), "who knows a token has its display")
        #expect(try await !tried("ls", tokens), "nobody learns a token there")
        await service.shutDown()
    }

    @Test func `nothing that a service starts has a secret of its environment`() async throws {
        let service = try RunningService()
        let variables = ["SECRET_TOKEN": "sesame", "LD_LIBRARY_PATH": "/nowhere/sesame"]
        // Redis writes its title where /proc shows its environment.
        let (tools, seen) = ("\(service.root)/bin", "\(service.root)/environment")
        try Files.makeDirectory(tools)
        let redis = try #require(Programs.find("redis-server"))
        try Files.write("#!/bin/sh\nenv -0 > \(seen)\nexec \(redis) \"$@\"\n", to: "\(tools)/redis-server")
        chmod("\(tools)/redis-server", 0o755)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        try await service.start(path: "\(tools):\(path)", variables: variables)
        let id = try await service.create()
        try #require(try await service.settled(id).state == .running)
        let session = "\(service.runtime)/sessions/\(id)"
        let network = "\(service.runtime)/network"
        let programs = [
            "gateway": "\(service.runtime)/gateway.pid", "QEMU": "\(session)/pid", "passt": "\(session)/passt.pid",
            "pasta": "\(network)/pasta.pid", "holder": "\(network)/holder.pid",
        ]
        let allowed = ["PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "QWDTEST_ROOT", "PWD"]
        var environments = ["redis": try #require(Files.read(seen))]
        for (name, file) in programs {
            let pid = try #require(Files.read(file)?.split(whereSeparator: \.isWhitespace).first, "\(name)")
            environments[name] = Files.read("/proc/\(pid)/environ")
        }
        for (name, environment) in environments {
            // Of who gave up their rights only root may look at it.
            if environment.isEmpty, geteuid() != 0 { continue }
            let names = environment.split(separator: " ").map { String($0.prefix { $0 != "=" }) }
            #expect(names.contains("PATH") && Set(names).isSubset(of: allowed), "\(name): \(names)")
            #expect(!environment.contains("sesame"), "\(name)")
        }
        // The whole service and all that it has started, named here or not.
        for pid in service.ownProcesses where pid != service.pid {
            let environment = Files.read("/proc/\(pid)/environ") ?? ""
            #expect(!environment.contains("sesame"), "\(Files.read("/proc/\(pid)/cmdline") ?? "")")
        }
        await service.shutDown()
    }
}
