import Foundation
import Glibc
import Redis
import Testing
import TestSupport

/// TCP, TLS, passwords and databases.
@Suite(.timeLimit(.minutes(1)))
struct TransportTests {
    private static let openssl = "/usr/bin/openssl"

    private func client(_ url: String) throws -> RedisClient {
        RedisClient(address: try RedisAddress(url: url), commandTimeout: .seconds(30), logger: .quiet)
    }

    @Test func `user, password and database are given before the first command`() async throws {
        let server = try await RedisServer.start(arguments: ["--requirepass", "geheim"])
        let client = try client("unix://:geheim@\(server.socket)?db=5")
        #expect(try await client.send(["SET", "k", "five"]) == .string("OK"))
        #expect(try await client.send(["CLIENT", "INFO"]).string?.contains(" db=5 ") == true)
        let named = try self.client("unix://default:geheim@\(server.socket)")
        #expect(try await named.send(["GET", "k"]) == .null)
        await server.stop()
    }

    @Test(arguments: ["unix://DIR", "unix://:falsch@DIR", "unix://anna:geheim@DIR", "unix://:geheim@DIR?db=99"])
    func `a wrong password or database is refused`(url: String) async throws {
        let server = try await RedisServer.start(arguments: ["--requirepass", "geheim"])
        let client = try client(url.replacing("DIR", with: server.socket))
        let error = await #expect(throws: RedisError.self) { try await client.send(["PING"]) }
        #expect(error?.code == .refused)
        #expect(error?.description.contains("falsch") == false)
        await server.stop()
    }

    @Test(arguments: ["127.0.0.1", "localhost"])
    func `a server is reached by TCP`(host: String) async throws {
        let (server, port) = try await startOnFreePort { port in
            try await RedisServer.start(arguments: ["--bind", "127.0.0.1", "--port", "\(port)"])
        }
        let client = try client("redis://\(host):\(port)/2")
        #expect(try await client.send(["ECHO", "hello"]) == .string("hello"))
        await server.stop()
    }

    @Test func `nobody listens on that port`() async throws {
        let client = try client("redis://127.0.0.1:\(try freePort())")
        let error = await #expect(throws: RedisError.self) { try await client.send(["PING"]) }
        #expect(error?.code == .unavailable)
        #expect(error?.detail == "Connection refused")
    }

    @Test(
        .enabled(if: FileManager.default.isExecutableFile(atPath: openssl), "openssl makes the certificate"),
        arguments: ["127.0.0.1", "localhost"])
    func `a server is reached by TLS, with certificates on both sides`(host: String) async throws {
        let (server, port) = try await startOnFreePort(tlsServer)
        let files = "ca=\(server.directory)/cert.pem&cert=\(server.directory)/cert.pem&key=\(server.directory)/key.pem"
        let client = try client("rediss://\(host):\(port)/?\(files)")
        #expect(try await client.send(["ECHO", "hello"]) == .string("hello"))
        var messages = client.subscribe("x").makeAsyncIterator()
        #expect(await messages.next() == .reconnected)
        await server.stop()
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: openssl), "openssl makes the certificate"))
    func `a TLS server that nobody vouches for is not trusted`() async throws {
        let (server, port) = try await startOnFreePort(tlsServer)
        let client = try client("rediss://127.0.0.1:\(port)")
        let error = await #expect(throws: RedisError.self) { try await client.send(["PING"]) }
        #expect(error?.code == .unavailable)
        #expect(error?.detail.contains("its certificate is not accepted") == true)
        await server.stop()
    }

    private func tlsServer(port: Int) async throws -> RedisServer {
        let arguments = [
            "--bind", "127.0.0.1", "--tls-port", "\(port)", "--tls-cert-file", "DIR/cert.pem", "--tls-key-file",
            "DIR/key.pem",
            "--tls-ca-cert-file", "DIR/cert.pem",
        ]
        return try await RedisServer.start(arguments: arguments) { directory in
            let process = Process()
            process.executableURL = URL(filePath: TransportTests.openssl)
            process.arguments = [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-keyout", directory + "/key.pem", "-out", directory + "/cert.pem",
            ]
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            try #require(process.terminationStatus == 0)
        }
    }

    /// Another process may take the port before the server does: then with the next one.
    private func startOnFreePort(_ start: (Int) async throws -> RedisServer) async throws -> (RedisServer, Int) {
        for _ in 0..<5 {
            let port = try freePort()
            do {
                return (try await start(port), port)
            } catch let failure as RedisServer.Failure where failure.description.contains("Address already in use") {
                continue
            }
        }
        let port = try freePort()
        return (try await start(port), port)
    }

    /// A port that was free a moment ago.
    private func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        try #require(result)
        return Int(UInt16(bigEndian: name.sin_port))
    }
}
