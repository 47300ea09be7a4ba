import COpenSSL

/// Digests, by OpenSSL.
package enum Digest {
    case sha1, sha256

    /// The digest of some bytes: 20 of them for SHA-1, 32 for SHA-256.
    package func of(_ bytes: [UInt8]) -> [UInt8] {
        make { EVP_Digest(bytes, bytes.count, $0, $1, algorithm, nil) == 1 }
    }

    /// HMAC (RFC 2104): a mark that only who has the key can make.
    package func hmac(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        make { HMAC(algorithm, key, Int32(key.count), bytes, bytes.count, $0, $1) != nil }
    }

    private var algorithm: OpaquePointer? {
        switch self {
        case .sha1: EVP_sha1()
        case .sha256: EVP_sha256()
        }
    }

    private func make(_ work: (UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt32>) -> Bool) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
            var length: UInt32 = 0
            // Fails only where the library has no such digest or no memory: nothing that came of it could be trusted.
            guard work(buffer.baseAddress, &length) else { fatalError("OpenSSL makes no digest") }
            count = Int(length)
        }
    }
}
