import Glibc
import Testing

@Suite(.timeLimit(.minutes(10)))
struct ModelTests {
    /// `QWD_SEED=17` repeats one run, for example one that failed.
    private static let seeds: [UInt64] =
        getenv("QWD_SEED").flatMap { UInt64(String(cString: $0)) }.map { [$0] } ?? [1, 2, 3, 4]

    @Test(arguments: seeds)
    func `whatever happens, nothing runs twice, nothing is lost and everything comes to rest`(seed: UInt64) async throws
    {
        try await withFarm { farm in
            let world = World(farm, seed: seed)
            do {
                for _ in 0..<1500 { try await world.step() }
                try await world.comeToRest()
            } catch let violation as World.Violation {
                Issue.record("QWD_SEED=\(seed): \(violation)")
            }
        }
    }
}
