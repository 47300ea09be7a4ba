package import Domain

/// Admits everybody under the name they give. For a network where everybody may do everything: a name proves nothing
/// here, so it must not make anybody an administrator.
package struct NoneMethod: SignInMethod {
    package let name = "none"
    package let needsPassword = false

    package init() {}

    package func person(for credentials: Credentials) -> Person? {
        guard accepts(credentials), let name = credentials.name else { return nil }
        let email = EmailAddress(name.text)
        return Person(name: name, email: email?.text, method: self.name)
    }
}
