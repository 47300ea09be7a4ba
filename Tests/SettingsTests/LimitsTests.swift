import Domain
import Settings
import Testing

struct LimitsTests {
    @Test func `the queue gets the limits as they are written`() throws {
        let loaded = try settings(
            "limits.sessions=20", "limits.sessions_per_user=0", "limits.cpu_fraction_per_user=0.5",
            "limits.memory_fraction_per_user=1", "limits.load=0", "limits.lifetime=12h",
            "limits.waiting=70", "limits.waiting_per_user=7", "limits.creations_per_minute=0")
        let expected = Domain.Limits(
            sessions: 20, sessionsPerUser: 0, cpuFractionPerUser: 0.5, memoryFractionPerUser: 1, load: 0,
            lifetimeSeconds: 43200, waiting: 70, waitingPerUser: 7, creationsPerMinute: 0)
        #expect(expected.gpuPerUser == 0 && Limits(loaded).gpuPerUser == 1)
        var withCards = expected
        withCards.gpuPerUser = 1
        #expect(Limits(loaded) == withCards)
    }
}
