import CCurl

/// A libcurl handle for one transfer. Blocks; used on one thread.
struct CurlHandle: ~Copyable {
    private let handle: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>

    /// libcurl wants this once in a process; Swift makes it exactly that.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_SSL)) == CURLE_OK

    init() throws(AccountsError) {
        guard Self.isReady, let made = curl_easy_init() else {
            throw AccountsError(.system, "libcurl can't be started.")
        }
        handle = made
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        // Refused, it stays empty, and the general explanation is taken.
        _ = ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
    }

    deinit {
        curl_easy_cleanup(handle)
        errorText.deallocate()
    }

    func set(_ option: CURLoption, _ value: Int) throws(AccountsError) {
        try require(ccurl_set_long(handle, option, value))
    }

    /// Nil takes the option's default away.
    func set(_ option: CURLoption, _ text: String?) throws(AccountsError) {
        // libcurl would read up to the NUL and use something else than was meant.
        guard text?.utf8.contains(0) != true else {
            throw AccountsError(.badConfiguration, "An option for a mail server has a NUL character in it.")
        }
        try require(ccurl_set_text(handle, option, text))
    }

    /// - Parameter list: Must live as long as the handle is used.
    func set(_ option: CURLoption, list: UnsafeMutablePointer<curl_slist>?) throws(AccountsError) {
        try require(ccurl_set_list(handle, option, list))
    }

    /// - Parameter data: What `function` gets; must live as long as the handle is used.
    func set(
        _ option: CURLoption, _ function: ccurl_transfer, data dataOption: CURLoption, _ data: UnsafeMutableRawPointer?
    ) throws(AccountsError) {
        try require(ccurl_set_transfer(handle, option, function))
        try require(ccurl_set_pointer(handle, dataOption, data))
    }

    /// Lets `function` hear every line of the conversation.
    func listen(_ function: curl_debug_callback, data: UnsafeMutableRawPointer?) throws(AccountsError) {
        try require(ccurl_set_debug(handle, function))
        try require(ccurl_set_pointer(handle, CURLOPT_DEBUGDATA, data))
        try set(CURLOPT_VERBOSE, 1)
    }

    func perform() -> CURLcode {
        curl_easy_perform(handle)
    }

    /// The last reply's number, 0 if there was none.
    var responseCode: Int {
        var code = 0
        _ = ccurl_get_long(handle, CURLINFO_RESPONSE_CODE, &code)
        return code
    }

    /// What libcurl says about a result of ``perform()``.
    func explanation(of code: CURLcode) -> String {
        let text = String(cString: errorText)
        return text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
    }

    private func require(_ code: CURLcode) throws(AccountsError) {
        guard code == CURLE_OK else {
            let text = String(cString: curl_easy_strerror(code))
            throw AccountsError(.system, "This libcurl lacks what is needed: \(text).")
        }
    }
}
