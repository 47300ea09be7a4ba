package import Domain

/// The configured methods in their order. The first that knows the person lets them in.
package struct SignInChain: Sendable {
    package enum Verdict: Sendable {
        case admitted(Person)
        /// Every method that was asked says no.
        case refused
        /// Nobody was admitted, and these methods could not decide.
        case undecided([AccountsError])
    }

    private let methods: [any SignInMethod]
    private let report: @Sendable (_ method: String, AccountsError) -> Void

    /// - Parameter report: Hears of every method that could not decide, also when a later one admits the person.
    package init(
        methods: [any SignInMethod],
        report: @escaping @Sendable (_ method: String, AccountsError) -> Void = { _, _ in }
    ) {
        self.methods = methods
        self.report = report
    }

    package func signIn(_ credentials: Credentials) async -> Verdict {
        var failures: [AccountsError] = []
        for method in methods where method.accepts(credentials) {
            do {
                if let person = try await method.person(for: credentials) { return .admitted(person) }
            } catch {
                report(method.name, error)
                failures.append(error)
            }
        }
        return failures.isEmpty ? .refused : .undecided(failures)
    }
}
