import Domain
import FoundationEssentials

/// A boot script as it goes into a guest.
struct BootScript: Sendable, Hashable {
    var text: String

    /// The script with the session's names in place of `@USER@`, `@SESSION_NAME@` and so on, each quoted for a shell: a name can't end a
    /// word or begin a command. What stands in a name is no symbol.
    func naming(_ names: [(symbol: String, value: String)]) -> BootScript {
        var (named, rest) = ("", text[...])
        while let at = rest.firstIndex(of: "@") {
            named += rest[..<at]
            rest = rest[at...]
            let (taken, value) =
                names.first { rest.hasPrefix($0.symbol) }.map { ($0.symbol.count, Self.quoted($0.value)) } ?? (1, "@")
            named += value
            rest = rest.dropFirst(taken)
        }
        return BootScript(text: named + rest)
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.replacing("'", with: "'\\''") + "'"
    }
}

/// All boot scripts of a session as one, which runs them in their order in the guest, each once, and reports on the console.
enum BootScriptBundle {
    /// - Parameter session: Whose they are; a disk that a session's guest has changed may start in another session's machine.
    static func text(_ scripts: [BootScript], session: SessionID) -> String {
        let parts = scripts.enumerated().map { place, script in
            """
            base64 -d > $place/\(place + 1) <<'END-OF-SCRIPT'
            \(Data(script.text.utf8).base64EncodedString(options: [.lineLength76Characters, .endLineWithLineFeed]))
            END-OF-SCRIPT
            run \(place + 1)
            """
        }
        return """
            #!/bin/sh
            # Written by qwd: the boot scripts of session \(session). It may be found in several ways; the first one runs it.
            umask 077
            mkdir -p /run/qwd && mkdir /run/qwd/\(session) 2>/dev/null || exit 0
            for place in /var/lib/qwd /root /tmp; do mkdir -p $place/\(session) 2>/dev/null && break; done
            place=$place/\(session)
            report() {
                # For who has started this; the console is for all others.
                printf '%s\\n' "$1"
                for console in /dev/ttyS0 /dev/ttyAMA0 /dev/console; do
                    if [ -c $console ] && printf '\\r\\n%s\\r\\n' "$1" > $console; then return; fi
                done 2>/dev/null
            }
            run() {
                chmod 700 $place/$1
                $place/$1 > $place/$1.log 2>&1 < /dev/null
                code=$?
                report "\(BootScriptResult.mark) $1/\(scripts.count) $code : $(tail -n 1 $place/$1.log | tr -cd ' -~' | cut -c 1-200)"
            }
            \(parts.joined(separator: "\n"))

            """
    }
}
