import Glibc
import Synchronization

/// Shows a build's progress: a line that is drawn over and over on a terminal, one line a step elsewhere.
package enum ProgressBar {
    /// One line of at most `width` columns: words, bar and percentage. What does not fit is left out, the bar first.
    package static func line(_ progress: BuildProgress, width: Int) -> String {
        let percentage = percentage(progress)
        var words = progress.step
        if let count = progress.count { words += " (\(count))" }
        let room = max(width - percentage.count - 2, 0)
        if words.count > room {
            return String((String(words.prefix(max(room - 1, 0))) + "… " + percentage).prefix(width))
        }
        let barWidth = min(room - max(words.count, 48) - 1, 40)
        guard barWidth >= 10 else { return pad(words, to: room) + "  " + percentage }
        let filled = Int((Double(barWidth) * progress.fraction).rounded(.down))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: barWidth - filled)
        return "\(pad(words, to: max(words.count, 48))) \(bar)  \(percentage)"
    }

    fileprivate static func percentage(_ progress: BuildProgress) -> String {
        pad("\(Int((100 * progress.fraction).rounded(.down)))%", to: 4, atStart: true)
    }

    private static func pad(_ text: String, to width: Int, atStart: Bool = false) -> String {
        let space = String(repeating: " ", count: max(width - text.count, 0))
        return atStart ? space + text : text + space
    }

    /// Draws on a file descriptor. Call `end` before anything else is written there.
    package final class Drawing: Sendable {
        private struct State {
            var step = ""
            var line = ""
        }

        private let descriptor: CInt
        private let isTerminal: Bool
        private let state = Mutex(State())

        package init(on descriptor: CInt = STDERR_FILENO) {
            self.descriptor = descriptor
            isTerminal = isatty(descriptor) == 1
        }

        package func draw(_ progress: BuildProgress) {
            state.withLock { state in
                if isTerminal {
                    let line = ProgressBar.line(progress, width: columns - 1)
                    guard line != state.line else { return }
                    state.line = line
                    // Carriage return, line, erase to the end of the line (ECMA-48 EL).
                    write("\r\(line)\u{1B}[K")
                } else if progress.step != state.step {
                    write("\(ProgressBar.percentage(progress)) \(progress.step)\n")
                }
                state.step = progress.step
            }
        }

        /// Leaves the last line standing and goes to the next.
        package func end() {
            state.withLock { state in
                if isTerminal, !state.line.isEmpty { write("\n") }
                state.line = ""
            }
        }

        private var columns: Int {
            var size = winsize()
            guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
            return Int(size.ws_col)
        }

        private func write(_ text: String) {
            var text = text
            // Nobody needs to know that the bar could not be drawn.
            _ = text.withUTF8 { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        }
    }
}
