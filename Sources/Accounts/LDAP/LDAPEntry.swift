import CLDAP

/// What a search found, copied out of libldap's memory.
struct LDAPEntry: Sendable {
    let dn: String
    private var attributes: [String: [String]] = [:]

    /// - Parameters:
    ///   - message: An entry of a search result, alive during this call.
    ///   - wanted: The attributes to copy.
    init?(_ handle: OpaquePointer, _ message: OpaquePointer, wanted: [String]) {
        guard let dn = ldap_get_dn(handle, message) else { return nil }
        defer { ldap_memfree(dn) }
        // Bound as nobody, every password fits (RFC 4513 5.1.1).
        guard let text = String(validatingCString: dn), !text.isEmpty else { return nil }
        self.dn = text
        for attribute in wanted {
            guard let values = ldap_get_values_len(handle, message, attribute) else { continue }
            defer { ldap_value_free_len(values) }
            var texts: [String] = []
            var next = values
            while let value = next.pointee {
                let bytes = UnsafeRawBufferPointer(start: value.pointee.bv_val, count: Int(value.pointee.bv_len))
                if let text = String(validating: bytes, as: UTF8.self) { texts.append(text) }
                next += 1
            }
            attributes[attribute] = texts
        }
    }

    func values(of attribute: String) -> [String] {
        attributes[attribute] ?? []
    }
}
