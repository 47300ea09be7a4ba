import Glibc

extension Duration {
    /// In whole microseconds, at least one: several libraries take 0 for no limit.
    var timeval: Glibc.timeval {
        let (seconds, attoseconds) = components
        let microseconds = attoseconds / 1_000_000_000_000
        return Glibc.timeval(
            tv_sec: max(0, Int(seconds)), tv_usec: seconds <= 0 ? max(1, Int(microseconds)) : Int(microseconds))
    }

    /// In whole milliseconds, at least one.
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        return max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }
}
