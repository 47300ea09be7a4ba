/// Somebody who has signed in.
package struct Person: Sendable, Hashable {
    /// The canonical user name: the same for every way in which this person can type it, so limits count one person.
    package var name: String
    package var email: String?
    /// As the method names them: for LDAP the values of the attribute, which for `memberOf` are whole DNs.
    package var groups: [String]
    /// Name of the method that admitted the person.
    package var method: String

    package init(name: String, email: String? = nil, groups: [String] = [], method: String) {
        self.name = name
        self.email = email
        self.groups = groups
        self.method = method
    }
}
