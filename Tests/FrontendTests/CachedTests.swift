import Queue
import Synchronization
import Testing

@testable import Frontend

@Suite(.timeLimit(.minutes(1)))
struct CachedTests {
    @Test func `a search that began too early is for those alone who wait for it`() async throws {
        let (goOn, finish) = AsyncStream.makeStream(of: Void.self)
        let (begins, begun) = AsyncStream.makeStream(of: Void.self)
        let searches = Mutex(0)
        let cached = Cached<Int>(life: .seconds(600)) { () throws(QueueError) in
            let number = searches.withLock {
                $0 += 1
                return $0
            }
            if number == 1 {
                begun.finish()
                for await _ in goOn {}
            }
            return number
        }
        async let early = cached.value()
        for await _ in begins {}
        #expect(try await cached.fresh() == 2)
        finish.finish()
        #expect(try await early == 1)
        #expect(try await cached.value() == 2)
    }
}
