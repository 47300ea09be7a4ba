import Hummingbird

/// Does something in a task of its own.
///
/// Swift keeps the memory that the calls of a task needed at their deepest until the task ends. A connection is one task, and
/// that of an event stream lives for hours: whatever is deep is done beside it.
func inOwnTask<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask(operation: body)
        // The group has one task, so there is a first.
        guard let value = try await group.next() else { throw CancellationError() }
        return value
    }
}

/// Answers each request in a task of its own.
struct OwnTaskResponder<Base: HTTPResponder>: HTTPResponder where Base.Context: Sendable {
    let base: Base

    func respond(to request: Request, context: Base.Context) async throws -> Response {
        try await inOwnTask { try await base.respond(to: request, context: context) }
    }
}
