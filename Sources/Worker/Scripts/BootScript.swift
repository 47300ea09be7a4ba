import Domain
import FoundationEssentials
import Machines

/// A boot script as it goes into a guest.
struct BootScript: Sendable, Hashable {
    var text: String
    /// What a message calls it.
    let name: String
    /// Whether it is for Windows' command interpreter, and not for a shell.
    let isBatch: Bool
    /// Whether it is for all machines, and not meant for the one whose session it is.
    let isForAll: Bool
    /// Lines of a batch file that set what stands for its symbols.
    private(set) var settings: [String] = []

    init(text: String, name: String = "The boot script", isForAll: Bool = false) {
        (self.text, self.name, self.isForAll) = (text, name, isForAll)
        isBatch = text.hasPrefix("@")
    }

    /// The script with the session's names in place of `@USER@`, `@SESSION_NAME@` and so on, each quoted for what runs it: a name can't end
    /// a word or begin a command. What stands in a name is no symbol.
    func naming(_ names: [(symbol: String, value: String)]) throws(MachineError) -> BootScript {
        var script = self
        script.settings = isBatch ? try BatchScript.settings(of: self, names) : []
        // By bytes: a mark that combines with a quote makes another character for Swift, and none for a shell.
        let names = names.map { symbol, value in
            (
                symbol: Array(symbol.utf8),
                value: isBatch ? Array(BatchScript.word(for: symbol).utf8) : Self.quoted(value)
            )
        }
        var named: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let at = rest.firstIndex(of: UInt8(ascii: "@")) {
            named += rest[..<at]
            rest = rest[at...]
            if let (symbol, value) = names.first(where: { rest.starts(with: $0.symbol) }) {
                named += value
                rest = rest.dropFirst(symbol.count)
            } else {
                named.append(rest.removeFirst())
            }
        }
        script.text = String(decoding: named + rest, as: UTF8.self)
        return script
    }

    private static func quoted(_ text: String) -> [UInt8] {
        let quote = UInt8(ascii: "'")
        return [quote] + text.utf8.flatMap { $0 == quote ? Array("'\\''".utf8) : [$0] } + [quote]
    }
}

/// All boot scripts of a session as one, which runs them in their order in the guest, each once, and reports on the console.
enum BootScriptBundle {
    /// - Parameters:
    ///   - folders: Tags of the host's directories that the guest has. Each is mounted before the scripts run, which may need it.
    ///   - session: Whose they are; a disk that a session's guest has changed may start in another session's machine.
    static func text(_ scripts: [BootScript], folders: [String] = [], session: SessionID) -> String {
        let mounts = folders.map { tag in
            let place = HostFolder.place(of: tag)
            return "mkdir -p \(place) && mount -t virtiofs -o nosuid,nodev \(tag) \(place)"
        }
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
            kept=/run/qwd/\(session)
            if ! { mkdir -p /run/qwd && mkdir $kept; } 2>/dev/null; then
                # They run already, or have run. Who waits for their end is told the same.
                if [ "$1" = wait ]; then
                    while [ -d $kept ] && ! [ -e $kept/done ]; do sleep 1; done
                    cat $kept/reports
                fi
                exit 0
            fi
            for place in /var/lib/qwd /root /tmp; do mkdir -p $place/\(session) 2>/dev/null && break; done
            place=$place/\(session)
            report() {
                # For who has started this; the console is for all others.
                printf '%s\\n' "$1" | tee -a $kept/reports
                for console in /dev/ttyS0 /dev/ttyAMA0 /dev/console; do
                    if [ -c $console ] && printf '\\r\\n%s\\r\\n' "$1" > $console; then return; fi
                done 2>/dev/null
            }
            run() {
                if [ -e $place/$1.began ]; then
                    report "\(BootScriptResult.mark) $1/\(scripts.count) 1 : the guest went down while it ran"
                    return
                fi
                : > $place/$1.began
                chmod 700 $place/$1
                $place/$1 > $place/$1.log 2>&1 < /dev/null
                code=$?
                report "\(BootScriptResult.mark) $1/\(scripts.count) $code : $(tail -n 1 $place/$1.log | tr -cd ' -~' | cut -c 1-200)"
            }
            \(mounts.joined(separator: "\n"))
            if [ -e $place/done ]; then
                # The guest has begun anew. Folders are mounted each time, scripts run once.
                cat $place/reports
                cp $place/reports $kept/reports
            else
            :
            \(parts.joined(separator: "\n"))
            : >> $kept/reports
            cp $kept/reports $place/reports
            : > $place/done
            fi
            : > $kept/done

            """
    }
}
