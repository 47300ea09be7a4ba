/// Why a machine's file can't be used.
struct ImageProblem: Error, Sendable, Hashable {
    var problem: String
    /// The way out.
    var advice: String

    init(_ problem: String, _ advice: String) {
        self.problem = problem
        self.advice = advice
    }

    static let again = "Get or copy it again."
}
