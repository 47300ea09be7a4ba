@testable import Domain
import Testing

@Suite struct StateTests {
    @Test func `an ended session stays ended and a done job stays done`() {
        #expect(SessionState.ended.successors == [])
        #expect(JobState.done.successors == [])
        #expect(JobState.cancelled.successors == [])
    }

    @Test(arguments: SessionState.allCases)
    func `every session state leads to the end and nowhere into itself`(state: SessionState) {
        var reached: Set<SessionState> = [state]
        while case let more = reached.union(reached.flatMap(\.successors)), more != reached { reached = more }
        #expect(reached.contains(.ended))
        #expect(!state.successors.contains(state))
    }

    @Test(arguments: [(0, 600, 600), (3600, 600, 600), (3600, 7200, 3600), (3600, 0, 3600), (0, 0, 0)])
    func `a life is never longer than the limit, and no limit is none`(limit: Int, asked: Int, expected: Int) {
        var limits = Limits.none
        limits.lifetimeSeconds = limit
        #expect(limits.lifetime(asked: asked) == expected)
    }

    @Test func `steps are counted from one in their order`() {
        #expect(SessionStep.allCases.map(\.number) == Array(1...SessionStep.allCases.count))
    }
}
