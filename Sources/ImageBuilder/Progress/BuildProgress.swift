/// How far a build is.
package struct BuildProgress: Sendable, Hashable {
    /// What is being done, in words for a person.
    package var step: String
    /// How far the step itself is, such as "34 of 192"; nil where nothing can be counted.
    package var count: String?
    /// Share of the whole build that is done, 0...1. Never falls during a build.
    package var fraction: Double

    package init(step: String, count: String? = nil, fraction: Double) {
        self.step = step
        self.count = count
        self.fraction = fraction
    }
}
