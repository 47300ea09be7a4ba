import CPAM
import Glibc

/// One sign-in with PAM, from `pam_start` to `pam_end`.
struct PAMTransaction: ~Copyable {
    private let handle: OpaquePointer
    /// Has what the modules ask for. Freed after the handle, which points at it.
    private let answers: Unmanaged<PAMConversation>
    private let service: String
    private var lastResult = PAM_SUCCESS
    /// Why an account may not be used whose password was right, in PAM's words: expired, locked, or not allowed here.
    private(set) var accountProblem: String?
    private static let flags = CInt(PAM_SILENT) | CInt(PAM_DISALLOW_NULL_AUTHTOK)

    init(_ options: LocalMethod.Options, _ credentials: Credentials) throws(AccountsError) {
        service = options.service
        answers = .passRetained(PAMConversation(credentials))
        var conversation = pam_conv(conv: PAMConversation.converse, appdata_ptr: answers.toOpaque())
        var started: OpaquePointer?
        let result =
            if let directory = options.directory {
                pam_start_confdir(options.service, credentials.user, &conversation, directory, &started)
            } else {
                pam_start(options.service, credentials.user, &conversation, &started)
            }
        guard result == PAM_SUCCESS, let started else {
            answers.release()
            throw AccountsError(.system, "PAM service \(options.service) can't be started: error \(result).")
        }
        handle = started
    }

    deinit {
        pam_end(handle, lastResult)
        answers.release()
    }

    /// - Returns: The user's name as PAM knows it now (a module may have changed it), or nil: refused.
    mutating func authenticate() throws(AccountsError) -> String? {
        // A refusal would hold this thread for two seconds. Whoever guesses is slowed down elsewhere.
        lastResult = cpam_set_no_delay(handle)
        guard lastResult == PAM_SUCCESS else { throw failure }
        lastResult = pam_authenticate(handle, Self.flags)
        guard try isPassed(lastResult) else { return nil }
        lastResult = pam_acct_mgmt(handle, Self.flags)
        guard try isPassed(lastResult) else {
            accountProblem = words
            return nil
        }
        var item: UnsafeRawPointer?
        lastResult = pam_get_item(handle, PAM_USER, &item)
        guard lastResult == PAM_SUCCESS else { throw failure }
        return item.flatMap { String(validatingCString: $0.assumingMemoryBound(to: CChar.self)) }
    }

    private func isPassed(_ result: CInt) throws(AccountsError) -> Bool {
        switch result {
        case PAM_SUCCESS: true
        case PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_MAXTRIES, PAM_CRED_INSUFFICIENT, PAM_PERM_DENIED, PAM_ACCT_EXPIRED,
            PAM_CRED_EXPIRED, PAM_AUTHTOK_EXPIRED, PAM_NEW_AUTHTOK_REQD:
            false
        default: throw failure
        }
    }

    private var failure: AccountsError {
        let code: AccountsError.Code = lastResult == PAM_AUTHINFO_UNAVAIL ? .unavailable : .system
        return AccountsError(code, "PAM service \(service): \(words).")
    }

    /// PAM's words for the last result.
    private var words: String {
        pam_strerror(handle, lastResult).map { String(cString: $0) } ?? "error \(lastResult)"
    }
}
