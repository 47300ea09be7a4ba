@testable import Display
import Domain
import Machines
import Testing

/// When a one-shot session counts as left.
struct ViewerWatchTests {
    private static let machine = MachineRef(SessionID(milliseconds: 1), fence: 3)

    private func watch(oneShot: Bool = true, hadViewer: Bool = false, _ before: [ViewerChange] = [.known]) -> (
        ViewerWatch, [ViewerWatch.Departure]
    ) {
        var watch = ViewerWatch()
        for change in before { _ = watch.take(change) }
        let departures = watch.publish("t", Self.machine, oneShot: oneShot, hadViewer: hadViewer)
        return (watch, departures)
    }

    @Test func `nobody has to look`() {
        let (watch, departures) = watch()
        #expect(departures == [])
        #expect(watch.deserted(ViewerWatch.Departure(token: "t", number: 1)) == nil)
    }

    @Test func `who has left and does not come back has left`() {
        var (watch, _) = watch()
        #expect(watch.take(.watched("t")) == [])
        let departures = watch.take(.left("t"))
        #expect(departures.map(watch.deserted) == [Self.machine])
    }

    @Test func `who comes back has not left, and the grace begins anew`() {
        var (watch, _) = watch()
        _ = watch.take(.watched("t"))
        let first = watch.take(.left("t"))
        _ = watch.take(.watched("t"))
        #expect(first.map(watch.deserted) == [nil])
        let second = watch.take(.left("t"))
        #expect(first.map(watch.deserted) == [nil])
        #expect(second.map(watch.deserted) == [Self.machine])
    }

    @Test func `only one-shot sessions are waited for`() {
        var (watch, _) = watch(oneShot: false)
        _ = watch.take(.watched("t"))
        #expect(watch.take(.left("t")) == [])
    }

    @Test func `a display that was taken away is waited for no more`() {
        var (watch, _) = watch()
        _ = watch.take(.watched("t"))
        let departures = watch.take(.left("t"))
        watch.withdraw("t")
        #expect(departures.map(watch.deserted) == [nil])
        #expect(watch.take(.left("t")) == [])
    }

    @Test(arguments: [
        ([ViewerChange.watched("t"), .known], 0), ([.left("t"), .known], 1), ([.known], 0), ([], 0),
    ])
    func `what a gateway knows when the worker comes back counts`(before: [ViewerChange], expected: Int) {
        let (watch, departures) = watch(before)
        #expect(departures.count == expected)
        #expect(departures.map(watch.deserted) == Array(repeating: Self.machine, count: expected))
    }

    @Test func `a viewer of before who is not there when the gateway is asked has left`() {
        var (watch, departures) = watch(hadViewer: true, [])
        #expect(departures == [])
        departures = watch.take(.known)
        #expect(departures.map(watch.deserted) == [Self.machine])
    }

    @Test func `while nobody knows nothing ends`() {
        var (watch, _) = watch()
        _ = watch.take(.watched("t"))
        let departures = watch.take(.left("t"))
        _ = watch.take(.unknown)
        #expect(departures.map(watch.deserted) == [nil])
        // Another gateway: the viewer has not come to it.
        let later = watch.take(.known)
        #expect(departures.map(watch.deserted) == [nil])
        #expect(later.map(watch.deserted) == [Self.machine])
    }

    @Test func `a first viewer is news once`() {
        var (watch, _) = watch()
        #expect(watch.isNews(.watched("t")) == Self.machine)
        _ = watch.take(.watched("t"))
        #expect(watch.isNews(.watched("t")) == nil)
        #expect(watch.isNews(.left("other")) == nil)
        #expect(watch.isNews(.known) == nil)
    }

    @Test func `lines are read, and what is none is left out`() {
        #expect(ViewerChange(line: "watched abc") == .watched("abc"))
        #expect(ViewerChange(line: "left abc") == .left("abc"))
        #expect(ViewerChange(line: "all") == .known)
        for line in ["", "watched", "watched a b", "all x", "gone a"] { #expect(ViewerChange(line: line) == nil) }
    }
}
