@testable import Accounts
import Dispatch
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct LaneTests {
    /// Blocks threads until it is opened.
    private final class Gate: Sendable {
        private let semaphore = DispatchSemaphore(value: 0)
        let entered = Mutex(0)

        func wait() {
            entered.withLock { $0 += 1 }
            semaphore.wait()
            semaphore.signal()
        }

        func open() { semaphore.signal() }
    }

    private func code(_ body: () async throws(AccountsError) -> Void) async -> AccountsError.Code? {
        do throws(AccountsError) {
            try await body()
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `what the work returns or throws comes to the caller`() async throws {
        let pool = BlockingPool("test")
        #expect(try await pool.run(limit: .seconds(20)) { _ throws(AccountsError) in 42 } == 42)
        let code = await code { () throws(AccountsError) in
            try await pool.run(limit: .seconds(20)) { _ throws(AccountsError) in throw AccountsError(.rejected, "no") }
        }
        #expect(code == .rejected)
    }

    @Test func `sixteen hanging calls hold no caller, no other pool and not the pool`() async throws {
        let gate = Gate()
        defer { gate.open() }
        let pool = BlockingPool("hanging")
        let codes = await withTaskGroup(of: AccountsError.Code?.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    await code { () throws(AccountsError) in
                        try await pool.run(limit: .seconds(1)) { _ throws(AccountsError) in gate.wait() }
                    }
                }
            }
            // While they hang, others get through.
            let other = await code { () throws(AccountsError) in
                try await BlockingPool("other").run(limit: .seconds(20)) { _ throws(AccountsError) in }
            }
            #expect(other == nil)
            var codes: [AccountsError.Code: Int] = [:]
            for await case let code? in group { codes[code, default: 0] += 1 }
            return codes
        }
        // The last four got no thread in all their time.
        #expect(codes == [.timeout: 16, .unavailable: 4])
        #expect(gate.entered.withLock { $0 } == 16)
    }

    @Test func `a pool whose threads all hang says so at once, and works again when they are free`() async throws {
        let gate = Gate()
        let pool = BlockingPool("hanging", width: 2)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    let code = await self.code { () throws(AccountsError) in
                        try await pool.run(limit: .milliseconds(100)) { _ throws(AccountsError) in gate.wait() }
                    }
                    #expect(code == .timeout)
                }
            }
        }
        // With a limit that no test would outlive.
        let refused = await code { () throws(AccountsError) in
            try await pool.run(limit: .seconds(3600)) { _ throws(AccountsError) in }
        }
        #expect(refused == .unavailable)
        gate.open()
        var code = refused
        while code != nil {
            #expect(code == .unavailable)
            code = await self.code { () throws(AccountsError) in
                try await pool.run(limit: .seconds(3600)) { _ throws(AccountsError) in }
            }
        }
    }

    @Test func `callers wait for a thread in their order`() async throws {
        let gate = Gate()
        let pool = BlockingPool("narrow", width: 1)
        let order = Notes()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<4 {
                group.addTask {
                    let code = await code { () throws(AccountsError) in
                        try await pool.run(limit: .seconds(30)) { _ throws(AccountsError) in
                            if number == 0 { gate.wait() }
                            order.append("\(number)")
                        }
                    }
                    #expect(code == nil)
                }
                // The next one comes when this one is in the pool.
                while pool.callers <= number { await Task.yield() }
            }
            gate.open()
        }
        #expect(order.all == ["0", "1", "2", "3"])
    }

    @Test func `no more callers than the pool has room for wait`() async throws {
        let gate = Gate()
        let pool = BlockingPool("small", width: 1, capacity: 1)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<2 {
                group.addTask {
                    let code = await code { () throws(AccountsError) in
                        try await pool.run(limit: .seconds(30)) { _ throws(AccountsError) in gate.wait() }
                    }
                    #expect(code == nil)
                }
                while pool.callers <= number { await Task.yield() }
            }
            let refused = await code { () throws(AccountsError) in
                try await pool.run(limit: .seconds(30)) { _ throws(AccountsError) in }
            }
            #expect(refused == .unavailable)
            gate.open()
        }
    }

    @Test func `a cancelled caller goes on at once and its work is interrupted`() async throws {
        let gate = Gate()
        let pool = BlockingPool("cancelled")
        let task = Task {
            await code { () throws(AccountsError) in
                try await pool.run(limit: .seconds(3600)) { call throws(AccountsError) in
                    call.whenAbandoned { gate.open() }
                    gate.wait()
                }
            }
        }
        while gate.entered.withLock({ $0 }) == 0 { await Task.yield() }
        task.cancel()
        #expect(await task.value == .cancelled)
        while pool.callers > 0 { await Task.yield() }
    }
}
