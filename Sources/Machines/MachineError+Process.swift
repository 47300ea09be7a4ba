package import Processes

extension MachineError {
    package init(_ error: ProcessError) {
        self.init(error.code == .missingProgram ? .missingProgram : .system, error.detail, cause: error)
    }

    /// Runs `body`, where the caller runs, and turns its error into one of this library.
    package static func translating<Value>(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws(ProcessError) -> Value
    ) async throws(MachineError) -> Value {
        do { return try await body() } catch { throw MachineError(error) }
    }

    /// The same for a body that waits for nothing.
    package static func translating<Value>(_ body: () throws(ProcessError) -> Value) throws(MachineError) -> Value {
        do { return try body() } catch { throw MachineError(error) }
    }
}
