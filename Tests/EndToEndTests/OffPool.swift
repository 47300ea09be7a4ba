import Foundation

/// Runs something that blocks on a thread of its own: the pool has as many threads as cores, and two blocked ones stop
/// every test.
func offPool<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
    }
}
