internal import CCurl
internal import Glibc

/// A connection by TLS 1.2 or newer, by libcurl, with a server that shows a certificate of its name. Calls block, at most until a
/// deadline.
///
/// Its owner uses it on one thread at a time.
final class TLSSocket: Transport {
    // Of this object alone.
    nonisolated(unsafe) private let handle: UnsafeMutableRawPointer
    private let number: CInt

    /// libcurl wants this once in a process; Swift makes it exactly that.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_SSL)) == CURLE_OK

    /// - Parameter ca: A file in PEM of what is trusted beside what the host trusts.
    init(host: String, port: Int, trusting ca: String?, before deadline: ContinuousClock.Instant) throws(ViewerError) {
        guard Self.isReady, let handle = curl_easy_init() else {
            throw ViewerError(.unreachable, "libcurl can't be started.")
        }
        var text = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
        var descriptor = curl_socket_t(-1)
        let answer = text.withUnsafeMutableBufferPointer { words in
            let left = max(1, StreamSocket.milliseconds(until: deadline))
            let name = host.contains(":") ? "[\(host)]" : host
            _ = ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, words.baseAddress)
            _ = ccurl_set_text(handle, CURLOPT_URL, "https://\(name):\(port)/")
            // The way that a browser takes on this host without a proxy of the user's.
            _ = ccurl_set_text(handle, CURLOPT_PROXY, "")
            // It takes the place of the host's file of all authorities; these are in the directory one by one too.
            if let ca {
                _ = ccurl_set_text(handle, CURLOPT_CAINFO, ca)
                _ = ccurl_set_text(handle, CURLOPT_CAPATH, "/etc/ssl/certs")
            }
            for (option, value) in [
                (CURLOPT_CONNECT_ONLY, 1), (CURLOPT_NOSIGNAL, 1), (CURLOPT_CONNECTTIMEOUT_MS, Int(left)),
                (CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2), (CURLOPT_SSL_VERIFYPEER, 1),
                // The gateway speaks WebSocket as RFC 6455 has it, which begins with HTTP/1.1.
                (CURLOPT_SSL_VERIFYHOST, 2), (CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1),
                (CURLOPT_NOPROGRESS, 0),
            ] { _ = ccurl_set_long(handle, option, value) }
            _ = ccurl_set_progress(handle) { _, _, _, _, _ in Task.isCancelled ? 1 : 0 }
            let answer = curl_easy_perform(handle)
            // It is this function's.
            _ = ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, nil)
            return answer
        }
        if answer == CURLE_OK { _ = ccurl_get_socket(handle, CURLINFO_ACTIVESOCKET, &descriptor) }
        guard answer == CURLE_OK, descriptor >= 0 else {
            curl_easy_cleanup(handle)
            let told = text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
            let words =
                told.isEmpty ? String(cString: curl_easy_strerror(answer)) : String(decoding: told, as: UTF8.self)
            throw ViewerError(Self.code(answer), "Can't connect to \(host):\(port): \(words)")
        }
        self.handle = handle
        number = descriptor
    }

    deinit { curl_easy_cleanup(handle) }

    func read(limit: Int, before deadline: ContinuousClock.Instant) throws(ViewerError) -> [UInt8] {
        while true {
            var answer = CURLE_OK
            let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
                answer = curl_easy_recv(handle, buffer.baseAddress, limit, &count)
                if answer != CURLE_OK { count = 0 }
            }
            if answer == CURLE_OK { return bytes }
            guard answer == CURLE_AGAIN else { throw Self.ended(answer) }
            try StreamSocket.wait(number, for: POLLIN, before: deadline)
        }
    }

    func write(_ bytes: [UInt8], before deadline: ContinuousClock.Instant) throws(ViewerError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            var count = 0
            let answer = rest.withUnsafeBytes { curl_easy_send(handle, $0.baseAddress, $0.count, &count) }
            rest = rest.dropFirst(count)
            if answer == CURLE_AGAIN {
                try StreamSocket.wait(number, for: POLLOUT, before: deadline)
            } else if answer != CURLE_OK {
                throw Self.ended(answer)
            }
        }
    }

    private static func code(_ answer: CURLcode) -> ViewerError.Code {
        switch answer {
        case CURLE_ABORTED_BY_CALLBACK: .cancelled
        case CURLE_OPERATION_TIMEDOUT: .timedOut
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE: .untrusted
        default: .unreachable
        }
    }

    private static func ended(_ answer: CURLcode) -> ViewerError {
        ViewerError(.closed, "The connection is lost: \(String(cString: curl_easy_strerror(answer)))")
    }
}
