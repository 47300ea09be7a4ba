import Queue

/// A value that is the same for everybody and costs something to find out: found out once for all who ask within its life.
actor Cached<Value: Sendable> {
    private let life: Duration
    private let find: @Sendable () async throws(QueueError) -> Value
    private var last: (value: Value, at: ContinuousClock.Instant)?
    private var search: Task<Result<Value, QueueError>, Never>?

    init(life: Duration, find: @escaping @Sendable () async throws(QueueError) -> Value) {
        self.life = life
        self.find = find
    }

    /// The value as it was at most a life ago. Errors are not kept, but all who wait share them.
    func value() async throws(QueueError) -> Value {
        if let last, last.at.duration(to: .now) < life { return last.value }
        if let search { return try await search.value.get() }
        // A task of its own, so that the cancellation of who asked first does not end it for the others.
        let start = ContinuousClock.now
        let search = Task { [find] () -> Result<Value, QueueError> in
            do throws(QueueError) { return .success(try await find()) } catch { return .failure(error) }
        }
        self.search = search
        let result = await search.value
        // Somebody may have begun anew meanwhile, because this one began too early.
        guard self.search == search else { return try result.get() }
        self.search = nil
        if case .success(let value) = result { last = (value, start) }
        return try result.get()
    }

    /// The value of now. A search that is under way may have begun too early, and is only for those who wait for it.
    func fresh() async throws(QueueError) -> Value {
        search = nil
        forget()
        return try await value()
    }

    /// Whoever asks next gets a new value, or that of a search that is under way.
    func forget() { last = nil }
}
