import CCurl

/// One try to hand over one mail. Blocks; used on one thread.
struct MailDelivery: ~Copyable {
    /// Who sends what to whom.
    struct Letter: Sendable {
        var sender: EmailAddress
        var recipient: EmailAddress
        var bytes: [UInt8]
    }

    private let mailSession: MailSession
    private let letter: Letter
    private let credentials: Credentials?
    private let source: Source
    private let recipients: RecipientList

    init(_ letter: Letter, _ endpoint: MailEndpoint, _ credentials: Credentials?) throws(AccountsError) {
        mailSession = try MailSession(endpoint)
        self.letter = letter
        self.credentials = credentials
        source = Source(letter.bytes, observer: credentials == nil ? nil : mailSession.observer)
        recipients = RecipientList(letter.recipient)
    }

    /// Sets all options. Nothing is sent yet.
    /// - Parameter patience: Longest wait for a connection and for each reply.
    func prepare(until deadline: ContinuousClock.Instant, patience: Duration) throws(AccountsError) {
        try mailSession.prepare(credentials: credentials, until: deadline)
        try mailSession.handle.set(CURLOPT_CONNECTTIMEOUT_MS, patience.milliseconds)
        try mailSession.handle.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, max(1, patience.milliseconds / 1000))
        try mailSession.handle.set(CURLOPT_MAIL_FROM, "<\(letter.sender)>")
        try mailSession.handle.set(CURLOPT_MAIL_RCPT, list: recipients.list)
        try mailSession.handle.set(CURLOPT_UPLOAD, 1)
        try mailSession.handle.set(CURLOPT_INFILESIZE, letter.bytes.count)
        try mailSession.handle.set(
            CURLOPT_READFUNCTION, Source.read, data: CURLOPT_READDATA, Unmanaged.passUnretained(source).toOpaque())
    }

    /// - Returns: Nil if the server has the mail; why not, if this way is not offered and another may be.
    /// - Throws: `AccountsError` if no other way should be tried.
    func run() throws(AccountsError) -> AccountsError? {
        // The handle points at both.
        let code = withExtendedLifetime((source, recipients)) { mailSession.run() }
        switch code {
        case CURLE_OK: return nil
        case CURLE_COULDNT_CONNECT, CURLE_USE_SSL_FAILED: return mailSession.failure(code)
        case CURLE_SSL_CONNECT_ERROR, CURLE_OPERATION_TIMEDOUT, CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR:
            if !mailSession.observer.hasHeardServer { return mailSession.failure(code) }
        default: break
        }
        throw refusal(code)
    }

    private func refusal(_ code: CURLcode) -> AccountsError {
        var failure = mailSession.failure(code)
        switch (mailSession.observer.answer, code) {
        case (.refused, _):
            return AccountsError(.badConfiguration, failure.detail + " It refuses mail.user or its password.")
        case (.undecided, _):
            return AccountsError(.unavailable, failure.detail + " It can't check the password now.")
        case (.none, CURLE_LOGIN_DENIED), (.none, CURLE_ABORTED_BY_CALLBACK):
            return AccountsError(
                .badConfiguration, failure.detail + " It offers no sign-in with PLAIN or LOGIN; see mail.user.")
        default: break
        }
        switch mailSession.handle.responseCode {
        case 500...599: failure.code = .rejected
        case 400...499: failure.code = .unavailable
        default: break
        }
        return failure
    }
}

extension MailDelivery {
    /// Gives libcurl the mail, and refuses where a sign-in was wanted and did not happen.
    private final class Source {
        private let bytes: [UInt8]
        private let observer: AuthReplyObserver?
        private var offset = 0

        init(_ bytes: [UInt8], observer: AuthReplyObserver?) {
            self.bytes = bytes
            self.observer = observer
        }

        static let read: ccurl_transfer = { buffer, size, count, data in
            guard let buffer, let data else { return Int(CURL_READFUNC_ABORT) }
            return Unmanaged<Source>.fromOpaque(data).takeUnretainedValue().fill(buffer, size * count)
        }

        private func fill(_ buffer: UnsafeMutablePointer<CChar>, _ capacity: Int) -> Int {
            if let observer, observer.answer != .accepted { return Int(CURL_READFUNC_ABORT) }
            let count = min(capacity, bytes.count - offset)
            bytes[offset..<offset + count].withUnsafeBytes { part in
                UnsafeMutableRawBufferPointer(start: buffer, count: count).copyMemory(from: part)
            }
            offset += count
            return count
        }
    }

    private final class RecipientList {
        let list: UnsafeMutablePointer<curl_slist>?

        init(_ recipient: EmailAddress) {
            list = curl_slist_append(nil, "<\(recipient)>")
        }

        deinit { curl_slist_free_all(list) }
    }
}
