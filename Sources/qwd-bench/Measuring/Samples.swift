/// Measured values of one kind.
struct Samples: Sendable {
    private(set) var sorted: [Double] = []

    init(_ values: [Double] = []) {
        sorted = values.sorted()
    }

    mutating func add(_ value: Double) {
        sorted.insert(value, at: sorted.firstIndex { $0 > value } ?? sorted.count)
    }

    var median: Double { percentile(50) }

    /// The value that so many per cent of all do not exceed (nearest rank).
    func percentile(_ percent: Double) -> Double {
        guard !sorted.isEmpty else { return .nan }
        let rank = Int((percent / 100 * Double(sorted.count)).rounded(.up))
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }

    /// The least and the greatest, for people.
    var range: String {
        guard let first = sorted.first, let last = sorted.last else { return "nothing" }
        return "\(Figure.text(first))-\(Figure.text(last))"
    }
}

extension Duration {
    var milliseconds: Double { self / .milliseconds(1) }
    var seconds: Double { self / .seconds(1) }
}

/// How long something takes.
func timed<Value>(_ body: () async throws -> Value) async rethrows -> (value: Value, time: Duration) {
    let clock = ContinuousClock()
    let start = clock.now
    let value = try await body()
    return (value, clock.now - start)
}
