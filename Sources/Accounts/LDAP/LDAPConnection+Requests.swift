import CLDAP
import Domain
import Glibc

extension LDAPConnection {
    /// The only entry that fits; nil if there is none or a second one.
    func find(_ user: String) throws(AccountsError) -> LDAPEntry? {
        let wanted = [options.userAttribute, options.mailAttribute, options.groupsAttribute].filter { !$0.isEmpty }
        var names = wanted.map { strdup($0) } + [nil]
        defer { names.forEach { free($0) } }
        var time = try limit()
        var found: OpaquePointer?
        let filter = LDAPFilter.filled(options.filter, user: user)
        let result = ldap_search_ext_s(
            handle, options.base, LDAP_SCOPE_SUBTREE, filter, &names, 0, nil, nil, &time, 2, &found)
        defer { ldap_msgfree(found) }
        switch result {
        case LDAP_SUCCESS: break
        case LDAP_SIZELIMIT_EXCEEDED: return nil
        case LDAP_NO_SUCH_OBJECT:
            throw AccountsError(.badConfiguration, "LDAP server \(address) has no entry \(options.base) (ldap.base).")
        case LDAP_FILTER_ERROR: throw AccountsError(.badConfiguration, "ldap.filter is no filter of RFC 4515.")
        default: throw failure(result, "can't be searched")
        }
        guard ldap_count_entries(handle, found) == 1, let first = ldap_first_entry(handle, found) else { return nil }
        return LDAPEntry(handle, first, wanted: wanted)
    }

    func bind(_ dn: String, _ password: Secret) throws(AccountsError) -> CInt {
        try limit()
        var bytes = Array(password.revealed.utf8CString)
        return bytes.withUnsafeMutableBufferPointer { buffer in
            var value = berval(bv_len: ber_len_t(buffer.count - 1), bv_val: buffer.baseAddress)
            return ldap_sasl_bind_s(handle, dn, nil, &value, nil, nil, nil)
        }
    }

    func failure(_ result: CInt, _ what: String) -> AccountsError {
        let code: AccountsError.Code =
            switch result {
            case LDAP_TIMEOUT, LDAP_TIMELIMIT_EXCEEDED: .timeout
            case LDAP_SERVER_DOWN, LDAP_CONNECT_ERROR, LDAP_BUSY, LDAP_UNAVAILABLE: .unavailable
            case LDAP_CONFIDENTIALITY_REQUIRED, LDAP_STRONG_AUTH_REQUIRED: .insecure
            default: .system
            }
        return AccountsError(code, "LDAP server \(address) \(what): \(explanation(result)).")
    }

    /// libldap's words, with those of the TLS library or the server.
    func explanation(_ result: CInt) -> String {
        var message: UnsafeMutablePointer<CChar>?
        ldap_get_option(handle, LDAP_OPT_DIAGNOSTIC_MESSAGE, &message)
        defer { ldap_memfree(message) }
        let general = String(cString: ldap_err2string(result))
        guard let message, message.pointee != 0 else { return general }
        return "\(general) (\(String(cString: message)))"
    }
}
