package import NIOSSL

/// A server's certificate and its key, in two PEM files that may be replaced while it runs.
package struct CertificateFiles: Sendable, Hashable {
    /// The certificate and those it follows from.
    package let chain: String
    package let key: String

    package init(chain: String, key: String) {
        self.chain = chain
        self.key = key
    }

    /// What TLS of version 1.2 at least is spoken with.
    /// - Parameter protocols: What ALPN offers, the best first.
    /// - Throws: `CertificateError`, which names the files.
    package func context(protocols: [String]) throws(CertificateError) -> NIOSSLContext {
        do {
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(chain).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = protocols
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw CertificateError(files: self, cause: error)
        }
    }

    /// Differs from an earlier one once a file was written or replaced.
    package var stamps: [FileStamp] { [FileStamp(chain), FileStamp(key)] }
}

/// Why a certificate can't be used.
package struct CertificateError: Error, CustomStringConvertible {
    package var files: CertificateFiles
    package var cause: any Error

    package var description: String {
        "tls.certificate \(files.chain) with tls.key \(files.key) can't be used: \(cause). "
            + "Both must be PEM files that belong together."
    }
}
