import CCurl
import Catalogue
package import Domain
import Glibc
import Processes

/// Gets a file by HTTP or HTTPS. What was interrupted goes on where it was, if the server's file is still the same.
package struct Download: Sendable {
    package var url: String
    /// Where it goes; nothing is there under that name's final form until all of it has come.
    package var partial: String
    /// A proxy's address; empty: none but what the environment says.
    package var proxy: String
    /// How long nothing may come.
    package var silence: Duration
    /// How many bytes it may have; nil: as many as there is room for.
    package var most: Int?
    /// How long one try may take; nil: as long as something comes.
    package var limit: Duration?
    /// Which addresses may be asked, of names and redirects too; nil: all. A proxy is asked whatever it is, and decides then.
    package var mayAsk: (@Sendable (ClientAddress) -> Bool)?

    /// Tries in a row that bring nothing new.
    package static let tries = 5

    package init(url: String, partial: String, proxy: String = "", silence: Duration = .seconds(60)) {
        self.url = url
        self.partial = partial
        self.proxy = proxy
        self.silence = silence
    }

    /// Gets the whole file.
    /// - Parameter progress: Called with what has come and what there is in all, in bytes; zero if that is not known.
    package func run(_ progress: @escaping @Sendable (_ come: Int, _ all: Int) -> Void) async throws(ImageStoreError) {
        guard url.hasPrefix("https://") || url.hasPrefix("http://"), !url.utf8.contains(where: { $0 <= 0x20 }) else {
            throw ImageStoreError(.badURL, "\(shown) is no address of HTTP or HTTPS.")
        }
        var left = Self.tries
        // What comes again after a new beginning is nothing new.
        var most = Files.length(partial)
        while true {
            do throws(ImageStoreError) {
                return try await attempt(progress)
            } catch {
                guard error.code == .network else { throw error }
                let length = Files.length(partial)
                // Where a try has a limit they have one together, whatever a server sends bit by bit.
                left = length > most && limit == nil ? Self.tries : left - 1
                most = max(most, length)
                if left == 0 { throw error }
                // A server that is overloaded gets some time; nothing tells when it is ready.
                guard (try? await Task.sleep(for: .milliseconds(200 << (Self.tries - left)))) != nil else {
                    throw ImageStoreError(
                        .cancelled, "The download was interrupted. What came is kept: the next one goes on.")
                }
            }
        }
    }

    private var shown: String { SectionSummary.shown(url: url) }

    private func attempt(_ progress: @escaping @Sendable (Int, Int) -> Void) async throws(ImageStoreError) {
        let transfer = Transfer(most: most, mayAsk: mayAsk, progress)
        let result = await withTaskCancellationHandler {
            await onFileThread { Result { () throws(ImageStoreError) in try perform(transfer) } }
        } onCancel: {
            transfer.cancel()
        }
        try result.get()
    }

    private func perform(_ transfer: Transfer) throws(ImageStoreError) {
        var have = Files.length(partial)
        let mark = "\(partial).etag"
        let known = have > 0 ? (Files.read(mark) ?? "").trimmed : ""
        // Without a mark of the server nobody knows whether it is the same file.
        if known.isEmpty { have = 0 }
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_CLOEXEC | (have == 0 ? O_TRUNC : 0), 0o600)
        guard descriptor >= 0 else {
            throw ImageStoreError(.system, "Can't write \(partial): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        lseek(descriptor, off_t(have), SEEK_SET)
        transfer.begin(descriptor, have: have, mark: mark)

        guard Self.isReady, let handle = curl_easy_init() else {
            throw ImageStoreError(.system, "libcurl can't be started.")
        }
        defer { curl_easy_cleanup(handle) }
        var headers: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(headers) }
        if have > 0 { headers = curl_slist_append(headers, "If-Range: \(known)") }
        let schemes = url.hasPrefix("https://") ? "https" : "http,https"
        let texts: [(CURLoption, String)] = [
            (CURLOPT_URL, url), (CURLOPT_PROTOCOLS_STR, schemes), (CURLOPT_REDIR_PROTOCOLS_STR, schemes),
            (CURLOPT_USERAGENT, "qwd"),
        ]
        let numbers: [(CURLoption, Int)] = [
            (CURLOPT_FOLLOWLOCATION, 1), (CURLOPT_MAXREDIRS, 5), (CURLOPT_FAILONERROR, 1), (CURLOPT_NOSIGNAL, 1),
            (CURLOPT_CONNECTTIMEOUT, 30), (CURLOPT_LOW_SPEED_LIMIT, 1),
            (CURLOPT_LOW_SPEED_TIME, Int(silence.components.seconds)), (CURLOPT_NOPROGRESS, 0),
            (CURLOPT_RESUME_FROM_LARGE, have),
        ]
        var isSet = texts.allSatisfy { ccurl_set_text(handle, $0.0, $0.1) == CURLE_OK }
        isSet = isSet && numbers.allSatisfy { ccurl_set_long(handle, $0.0, $0.1) == CURLE_OK }
        if let limit {
            isSet = isSet && ccurl_set_long(handle, CURLOPT_TIMEOUT, Int(limit.components.seconds)) == CURLE_OK
        }
        // Nor is anything asked past a proxy because the environment says so (NO_PROXY).
        if mayAsk != nil { isSet = isSet && ccurl_set_text(handle, CURLOPT_NOPROXY, "") == CURLE_OK }
        if mayAsk != nil, proxy.isEmpty {
            // Nor one that the environment names: it would ask whatever it is told.
            isSet = isSet && ccurl_set_text(handle, CURLOPT_PROXY, "") == CURLE_OK
            isSet = isSet && transfer.chooseAddresses(of: handle)
        }
        if !proxy.isEmpty { isSet = isSet && ccurl_set_text(handle, CURLOPT_PROXY, proxy) == CURLE_OK }
        if headers != nil { isSet = isSet && ccurl_set_list(handle, CURLOPT_HTTPHEADER, headers) == CURLE_OK }
        let data = Unmanaged.passUnretained(transfer).toOpaque()
        isSet = isSet && transfer.attach(to: handle, data)
        guard isSet else { throw ImageStoreError(.system, "This libcurl lacks what is needed.") }

        let code = curl_easy_perform(handle)
        withExtendedLifetime(transfer) {}
        var status = 0
        _ = ccurl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
        try judge(code, status, transfer)
    }

    private func judge(_ code: CURLcode, _ status: Int, _ transfer: Transfer) throws(ImageStoreError) {
        if let problem = transfer.problem { throw problem }
        // Another address of the same name may have been one that may be asked.
        if code != CURLE_OK, let refusal = transfer.refusal { throw refusal }
        let why = String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_OK where status == 416:
            unlink("\(partial).etag")
            truncate(partial, 0)
            throw ImageStoreError(.network, "\(shown) is another file by now.")
        case CURLE_OK: return
        case CURLE_RANGE_ERROR, CURLE_BAD_DOWNLOAD_RESUME:
            // Another file by now, or a server that sends whole files alone: from the beginning.
            unlink("\(partial).etag")
            truncate(partial, 0)
            throw ImageStoreError(.network, "\(shown) has changed while it was being got.")
        case CURLE_HTTP_RETURNED_ERROR where status == 416:
            unlink("\(partial).etag")
            throw ImageStoreError(.network, "\(shown) is another file by now.")
        case CURLE_HTTP_RETURNED_ERROR where status < 500 && status != 408 && status != 429:
            throw ImageStoreError(.refused, "\(shown) can't be had: the server answers \(status). Check the address.")
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CONNECT_ERROR:
            throw ImageStoreError(
                .refused, "\(shown) is not believed: \(why). Its certificate must be one that this host trusts.")
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_TOO_MANY_REDIRECTS:
            throw ImageStoreError(.badURL, "\(shown) leads to nothing that can be got: \(why).")
        default:
            throw ImageStoreError(
                .network,
                "\(shown): \(why)\(status >= 500 ? " (\(status))" : ""). "
                    + (Files.exists("\(partial).etag")
                        ? "What came is kept: the next download goes on."
                        : "The next download begins anew: the server tells no mark of the file (ETag)."))
        }
    }

    static let isReady = curl_global_init(Int(CURL_GLOBAL_SSL)) == CURLE_OK
}
