import Dispatch

/// Does something that waits for a disk or a server on a thread of its own, whose caller waits without one.
func onFileThread<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        DispatchQueue(label: "image").async { continuation.resume(returning: work()) }
    }
}
