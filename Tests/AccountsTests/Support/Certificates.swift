import Foundation
import Glibc

/// A certificate authority that this run of the tests trusts, a server's certificate for 127.0.0.1, and another
/// authority that has signed nothing.
struct Certificates: Sendable {
    let ca: String
    let otherCA: String
    let certificate: String
    let key: String

    private static let directory = Result { try Scratch() }
    private static let made = Task { try await Certificates() }

    /// The same for the whole run.
    static var shared: Certificates {
        get async throws { try await made.value }
    }

    private init() async throws {
        let scratch = try Self.directory.get()
        let path = scratch.path
        // A static reference never goes.
        atexit { try? FileManager.default.removeItem(atPath: Certificates.directory.get().path) }
        try scratch.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n", to: "names")
        try await run("/bin/sh", ["-ec", Self.script], in: path)
        ca = "\(path)/ca.crt"
        otherCA = "\(path)/other.crt"
        certificate = "\(path)/srv.crt"
        key = "\(path)/srv.key"
        for file in [ca, otherCA, certificate, key] { chmod(file, 0o644) }
    }

    private static let script = """
        curve='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
        for name in ca other; do
            openssl req -x509 $curve -days 2 -subj /CN=$name -keyout $name.key -out $name.crt \
                -addext basicConstraints=critical,CA:TRUE
        done
        openssl req $curve -subj /CN=server -keyout srv.key -out srv.csr
        openssl x509 -req -in srv.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out srv.crt
        """
}
