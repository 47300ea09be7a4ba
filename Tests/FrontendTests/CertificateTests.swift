import Certificates
import Foundation
@testable import Frontend
import Logging
import Testing

/// New certificates are taken while the service runs, wrong ones are not.
@Suite(.timeLimit(.minutes(1)))
struct CertificateTests {
    private let files = TemporaryCertificate()
    private var directory: String { files.directory }
    private var chain: String { files.chain }
    private var key: String { files.key }

    private func make(_ name: String) throws { try files.make(name) }

    /// Whom the server says it is, and by which version.
    private func subject(_ port: Int, _ options: [String] = []) throws -> String {
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/openssl")
        openssl.arguments = ["s_client", "-connect", "127.0.0.1:\(port)"] + options
        openssl.standardInput = FileHandle.nullDevice
        openssl.standardError = FileHandle.nullDevice
        let output = Pipe()
        openssl.standardOutput = output
        try openssl.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        openssl.waitUntilExit()
        return text.split(separator: "\n").first { $0.hasPrefix("subject=") }.map(String.init) ?? ""
    }

    @Test func `a new certificate is taken without a restart, a broken one is not`() async throws {
        try make("first")
        let certificate = try Certificate(chain: chain, key: key, logger: Logger(label: "test"))
        try await withSite(certificate: certificate) { site in
            let port = site.http.port
            #expect(try subject(port).hasSuffix("first"))
            try make("second")
            certificate.reload()
            #expect(try subject(port).hasSuffix("second"))
            try Data("no certificate".utf8).write(to: URL(filePath: chain))
            certificate.reload()
            #expect(try subject(port).hasSuffix("second"))
            #expect(try subject(port, ["-tls1_1"]) == "", "TLS 1.2 at least")
        }
        try? FileManager.default.removeItem(atPath: directory)
    }

    @Test func `files that do not belong together are named at the start`() throws {
        try make("first")
        let first = try Data(contentsOf: URL(filePath: chain))
        try make("second")
        try first.write(to: URL(filePath: chain))
        let error = #expect(throws: CertificateError.self) {
            try Certificate(chain: chain, key: key, logger: Logger(label: "test"))
        }
        #expect(error?.description.contains(chain) == true)
        try? FileManager.default.removeItem(atPath: directory)
    }
}

/// A certificate in a directory of its own, made by openssl.
struct TemporaryCertificate {
    let directory = NSTemporaryDirectory() + "qwd-certificate-\(UUID().uuidString.prefix(8))"
    var chain: String { "\(directory)/chain.pem" }
    var key: String { "\(directory)/key.pem" }

    func make(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let openssl = try Process.run(
            URL(filePath: "/usr/bin/openssl"),
            arguments: [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=\(name)", "-keyout", key, "-out", chain,
            ])
        openssl.waitUntilExit()
    }

    func remove() { try? FileManager.default.removeItem(atPath: directory) }
}
