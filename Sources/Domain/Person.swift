/// Somebody who has signed in.
package struct Person: Sendable, Hashable {
    /// As the authority that admitted the person spells it, however it was typed: limits count one person.
    package var name: PersonName
    package var email: String?
    /// As the method names them: for LDAP the values of the attribute, which for `memberOf` are whole DNs.
    package var groups: [String]
    /// Name of the method that admitted the person.
    package var method: String

    package init(name: PersonName, email: String? = nil, groups: [String] = [], method: String) {
        self.name = name
        self.email = email
        self.groups = groups
        self.method = method
    }
}
