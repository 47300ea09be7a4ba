import COpenSSL
import Domain
import Glibc

/// The SHA-256 of a file of any length.
enum FileDigest {
    /// In lower-case hexadecimal digits. Blocks its thread.
    static func sha256(of path: String) throws(ImageStoreError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0, let context = EVP_MD_CTX_new() else {
            throw ImageStoreError(.system, "Can't read \(path): \(String(cString: strerror(errno)))")
        }
        defer {
            EVP_MD_CTX_free(context)
            close(descriptor)
        }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var isGood = EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
        while isGood {
            let count = read(descriptor, &buffer, buffer.count)
            if count == 0 { break }
            if count < 0, errno == EINTR { continue }
            isGood = count > 0 && EVP_DigestUpdate(context, buffer, count) == 1
        }
        var digest = [UInt8](repeating: 0, count: 32)
        guard isGood, EVP_DigestFinal_ex(context, &digest, nil) == 1 else {
            throw ImageStoreError(.system, "Can't read \(path): \(String(cString: strerror(errno)))")
        }
        return Hexadecimal.text(digest)
    }
}
